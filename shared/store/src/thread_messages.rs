//! The messages of a conversation by pages, from all the threads that turned out to be parts of it.

use aws_sdk_dynamodb::{
    operation::query::{QueryInput, QueryOutput},
    types::Select,
};

use actionlayer_domain::{Family, Message, WorkspaceId};

use crate::{
    Cursor, InvalidCursor, Page, PageRequest, Record, Row, Store, StoreError, keys,
    lists::TOTAL_CAP,
    record::{Item, row, s},
};

impl Store {
    /// Messages, newest first. The first family is that of the thread itself and names the list.
    pub async fn list_thread_messages(
        &self,
        workspace: WorkspaceId,
        families: &[Family],
        request: &PageRequest,
    ) -> Result<Result<Page<Row<Message>>, InvalidCursor>, StoreError> {
        let name = families.first().map(|family| keys::family_pk(workspace, *family)).unwrap_or_default();
        // No id sorts behind a tilde.
        let (end, skip) = match &request.cursor {
            None => (format!("{}~", keys::MESSAGE_PREFIX), request.offset as usize),
            Some(text) => match Cursor::decode(text, &name, &keys::workspace_pk(workspace)) {
                Ok(cursor) => (cursor.sk, 0),
                Err(invalid) => return Ok(Err(invalid)),
            },
        };
        let wanted = skip + request.limit as usize;
        // Ids are ordered by time, in whatever family they are: the newest of each are enough for the newest of all.
        let mut found: Vec<Row<Message>> = Vec::new();
        for family in families {
            found.extend(self.messages_before(workspace, *family, &end, wanted + 1).await?);
        }
        found.sort_by_key(|row| std::cmp::Reverse(row.value.id));
        let more = found.len() > wanted;
        found.truncate(wanted);
        let next_cursor = found.last().filter(|_| more).map(|last| {
            let keys::Key { pk, sk } = last.value.key();
            Cursor { pk, sk, position: String::new(), skip: 0 }.encode(&name)
        });
        let (total, total_is_capped) = if request.cursor.is_none() && !more {
            (found.len() as u64, false)
        } else {
            self.count_messages(workspace, families).await?
        };
        Ok(Ok(Page { items: found.into_iter().skip(skip).collect(), total, total_is_capped, next_cursor }))
    }

    /// Up to so many messages of one family, newest first, that sort before `end`.
    async fn messages_before(
        &self,
        workspace: WorkspaceId,
        family: Family,
        end: &str,
        limit: usize,
    ) -> Result<Vec<Row<Message>>, StoreError> {
        let mut found: Vec<Row<Message>> = Vec::new();
        let mut from = None;
        loop {
            // `BETWEEN` takes its end along: one more, and that one left out.
            let still = i32::try_from(limit + 1 - found.len()).unwrap_or(i32::MAX);
            let answer = self.query_messages(workspace, family, end, from, Some(still)).await?;
            for item in answer.items.unwrap_or_default() {
                let message = row::<Message>(item)?;
                if message.value.key().sk.as_str() < end {
                    found.push(message);
                }
            }
            from = answer.last_evaluated_key;
            if from.is_none() || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    async fn count_messages(&self, workspace: WorkspaceId, families: &[Family]) -> Result<(u64, bool), StoreError> {
        let end = format!("{}~", keys::MESSAGE_PREFIX);
        let mut count = 0;
        for family in families {
            let mut from = None;
            loop {
                let answer = self.query_messages(workspace, *family, &end, from, None).await?;
                count += u64::try_from(answer.count).unwrap_or(0);
                if count >= TOTAL_CAP {
                    return Ok((TOTAL_CAP, true));
                }
                from = answer.last_evaluated_key;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok((count, false))
    }

    /// Counts when there is no limit.
    async fn query_messages(
        &self,
        workspace: WorkspaceId,
        family: Family,
        end: &str,
        from: Option<Item>,
        limit: Option<i32>,
    ) -> Result<QueryOutput, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk AND sk BETWEEN :begin AND :end")
            .expression_attribute_values(":pk", s(keys::family_pk(workspace, family)))
            .expression_attribute_values(":begin", s(keys::MESSAGE_PREFIX))
            .expression_attribute_values(":end", s(end))
            .scan_index_forward(false)
            .set_limit(limit)
            .set_select(limit.is_none().then_some(Select::Count))
            .set_exclusive_start_key(from);
        self.query(query).await
    }
}
