//! The table's definition, for whoever makes one: the keys and indexes that the rest of this crate relies on.
//! `template.yaml` declares the same; a test compares the two.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType,
};

use crate::keys::{self, Index};

/// What an index carries besides keys: all a list shows, never a body.
pub const PROJECTED: [&str; 3] = [keys::KIND, keys::REVISION, keys::DATA];

fn projection(index: Index) -> Projection {
    match index {
        Index::Due => Projection::builder().projection_type(ProjectionType::KeysOnly).build(),
        Index::List | Index::State | Index::Owner => Projection::builder()
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(PROJECTED.map(str::to_owned).to_vec()))
            .build(),
    }
}

/// Makes the table, as the template would.
pub async fn create_table(client: &aws_sdk_dynamodb::Client, table: &str) -> Result<(), Box<aws_sdk_dynamodb::Error>> {
    let failed = |e: aws_sdk_dynamodb::error::BuildError| Box::new(aws_sdk_dynamodb::Error::from(e));
    let mut request =
        client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest).stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .map_err(failed)?,
        );
    let attribute =
        |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    let key = |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    for (name, kind) in [(keys::PK, KeyType::Hash), (keys::SK, KeyType::Range)] {
        request = request
            .attribute_definitions(attribute(name).map_err(failed)?)
            .key_schema(key(name, kind).map_err(failed)?);
    }
    for index in Index::ALL {
        request = request
            .attribute_definitions(attribute(index.pk()).map_err(failed)?)
            .attribute_definitions(attribute(index.sk()).map_err(failed)?)
            .global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(index.name())
                    .key_schema(key(index.pk(), KeyType::Hash).map_err(failed)?)
                    .key_schema(key(index.sk(), KeyType::Range).map_err(failed)?)
                    .projection(projection(index))
                    .build()
                    .map_err(failed)?,
            );
    }
    request.send().await.map_err(|e| Box::new(e.into()))?;
    Ok(())
}
