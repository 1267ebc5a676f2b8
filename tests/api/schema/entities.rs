//! What the entities say the tables are.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, ColumnType, EntityTrait, IdenStatic, Iterable};

/// A column as an entity has it.
pub struct Column {
    /// Whether it may be null.
    pub nullable: bool,
    /// Its type, as Postgres calls it.
    pub kind: &'static str,
}

/// The columns of every entity, by table and name.
pub fn all() -> BTreeMap<String, BTreeMap<String, Column>> {
    macro_rules! tables {
        ($($entity:ident)+) => {
            [$(table::<entity::$entity::Entity>(),)+].into()
        };
    }
    tables! {
        external_identity login_state sso_connection sso_domain
        attempt_window beta_invite impersonation_grant pending_sign_in recovery_code second_factor
        activity addon agency api_key client contract document document_line document_view email file
        idempotency_key invoice job membership number_series outbox outbox_head package payment
        profile proposal public_link security_event session token usage_counter
        usage_reservation user
    }
}

fn table<E: EntityTrait>() -> (String, BTreeMap<String, Column>) {
    let columns = E::Column::iter().map(|column| {
        let definition = column.def();
        let kind = kind(definition.get_column_type());
        (column.as_str().to_owned(), Column { nullable: definition.is_null(), kind })
    });
    (E::default().table_name().to_owned(), columns.collect())
}

fn kind(of: &ColumnType) -> &'static str {
    match of {
        ColumnType::Uuid => "uuid",
        ColumnType::BigInteger => "int8",
        ColumnType::Integer => "int4",
        ColumnType::Boolean => "bool",
        ColumnType::Text | ColumnType::String(_) => "text",
        ColumnType::TimestampWithTimeZone => "timestamptz",
        ColumnType::Date => "date",
        ColumnType::Json | ColumnType::JsonBinary => "jsonb",
        ColumnType::Blob | ColumnType::VarBinary(_) | ColumnType::Binary(_) => "bytea",
        other => panic!("the schema has no such type: {other:?}"),
    }
}
