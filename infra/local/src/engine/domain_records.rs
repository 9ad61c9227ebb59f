//! Which records a domain waits for, read from the product's own table: what its owner would read in the API.

use std::sync::Arc;

use actionlayer_domain::{DomainName, SendingDomain, sending_domain::RecordType};
use actionlayer_service::App;
use actionlayer_store::{DomainClaim, keys};
use async_trait::async_trait;

use crate::dns::{RecordKind, RecordsError, RecordsProvider, ZoneRecord};

/// Reads domains through the product's store.
pub(super) struct DomainRecords(pub(super) Arc<App>);

#[async_trait]
impl RecordsProvider for DomainRecords {
    async fn records(&self, domain: &str) -> Result<Option<Vec<ZoneRecord>>, RecordsError> {
        let Ok(name) = domain.parse::<DomainName>() else { return Ok(None) };
        let failed = |error| RecordsError::Source(Box::new(error));
        let store = &self.0.store;
        let Some(claim) = store.get::<DomainClaim>(&keys::domain_claim(&name)).await.map_err(failed)? else {
            return Ok(None);
        };
        let key = keys::domain(claim.value.workspace_id, claim.value.domain_id);
        let domain = store.get::<SendingDomain>(&key).await.map_err(failed)?;
        Ok(domain.map(|domain| domain.value.records.into_iter().map(zone_record).collect()))
    }
}

fn zone_record(record: actionlayer_domain::sending_domain::DnsRecord) -> ZoneRecord {
    let kind = match record.record_type {
        RecordType::Txt => RecordKind::Txt,
        RecordType::Mx => RecordKind::Mx,
    };
    ZoneRecord { kind, name: record.name, value: record.value, priority: record.priority }
}
