//! The condition that picks rows by their keys, so that the index of the key is used whatever the key is made of.

use crate::quote::{ident, literal, table};
use crate::read_sql::column;
use firn_connector::{Error, Key, ReadPlan, Result};

/// Most keys of one statement.
const CHUNK_KEYS: usize = 1_000;
/// Bytes of keys in one statement, reached by at most one key more.
const CHUNK_BYTES: usize = 256 * 1024;

/// Cuts keys into chunks of one statement each; none for no keys.
pub(crate) fn chunks(keys: &[Key]) -> impl Iterator<Item = &[Key]> {
    let mut rest = keys;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |key: &&Key| {
            let before = bytes;
            bytes += key.iter().map(|text| text.len() + 4).sum::<usize>();
            before < CHUNK_BYTES
        };
        let count = rest.iter().take(CHUNK_KEYS).take_while(fits).count();
        let (chunk, after) = rest.split_at(count);
        rest = after;
        (count > 0).then_some(chunk)
    })
}

/// Writes the condition that a row has one of these keys.
///
/// The texts stay bare literals that take the type of the key column, so no type has to be named or found on a search
/// path, and no limit of length cuts a value off. The server compares as the column's type does.
///
/// # Errors
/// [`firn_connector::ErrorKind::Configuration`] where a key has another number of values than the key of the plan.
pub(crate) fn condition(plan: &ReadPlan, keys: &[Key]) -> Result<String> {
    let names = plan.key.iter().map(|at| Ok(ident(&column(plan, *at)?.name))).collect::<Result<Vec<_>>>()?;
    if let Some(other) = keys.iter().find(|key| key.len() != names.len()) {
        let message = format!("a key has {} values, the key of the table {} columns", other.len(), names.len());
        return Err(Error::configuration(message).on_table(&plan.table));
    }
    if keys.is_empty() || names.is_empty() {
        return Ok("false".to_owned());
    }
    if let [name] = names.as_slice() {
        let texts: Vec<String> = keys.iter().flatten().map(|text| literal(text)).collect();
        return Ok(format!("{name} IN ({})", texts.join(", ")));
    }
    // The first row matches nothing: it gives the columns of the list the types of the key's columns.
    let typed: Vec<String> = names.iter().map(|name| format!("(NULL::{}).{name}", table(&plan.table))).collect();
    let mut rows = vec![format!("({})", typed.join(", "))];
    rows.extend(keys.iter().map(|key| {
        let texts: Vec<String> = key.iter().map(|text| literal(text)).collect();
        format!("({})", texts.join(", "))
    }));
    Ok(format!("({}) IN (VALUES {})", names.join(", "), rows.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_catalog::{Dialect, PgType, TableName, plan_column};
    use firn_connector::ReadColumn;

    fn plan(key: &[usize]) -> ReadPlan {
        let column = |name: &str, ty: PgType| ReadColumn {
            name: name.to_owned(),
            expression: None,
            plan: plan_column(&ty, Dialect::Duckdb),
            ty,
        };
        ReadPlan {
            table: TableName::new("public", "Orders"),
            columns: vec![column("Id", PgType::Int8), column("code", PgType::Text)],
            key: key.to_vec(),
            watermark: None,
            filter: None,
            row_versions: false,
            batch_rows: 1,
            batch_bytes: 1,
        }
    }

    fn key(texts: &[&str]) -> Key {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn keys_of_one_and_of_more_columns() {
        let one = condition(&plan(&[1]), &[key(&["it's"]), key(&["a\\b"])]).unwrap();
        assert_eq!(one, "\"code\" IN ('it''s',  E'a\\\\b')");
        let two = condition(&plan(&[1, 0]), &[key(&["x", "1"])]).unwrap();
        assert_eq!(
            two,
            "(\"code\", \"Id\") IN (VALUES ((NULL::\"public\".\"Orders\").\"code\", \
             (NULL::\"public\".\"Orders\").\"Id\"), ('x', '1'))"
        );
        assert_eq!(condition(&plan(&[1]), &[]).unwrap(), "false");
        assert!(condition(&plan(&[1, 0]), &[key(&["x"])]).unwrap_err().message.contains("1 values"));
    }

    #[test]
    fn chunks_hold_all_keys_in_order_and_are_bounded() {
        assert_eq!(chunks(&[]).count(), 0);
        let small: Vec<Key> = (0..2_500).map(|n| vec![n.to_string()]).collect();
        let sizes: Vec<usize> = chunks(&small).map(<[Key]>::len).collect();
        assert_eq!(sizes, [1_000, 1_000, 500]);
        assert_eq!(chunks(&small).flatten().collect::<Vec<_>>(), small.iter().collect::<Vec<_>>());
        let large: Vec<Key> = (0..5).map(|_| vec!["x".repeat(100_000)]).collect();
        assert_eq!(chunks(&large).map(<[Key]>::len).collect::<Vec<_>>(), [3, 2]);
    }
}
