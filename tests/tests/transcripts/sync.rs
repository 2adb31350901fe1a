//! A workspace from its first table to its last rejected row, as the terminal shows it.

use crate::shop::{BOTH, Shop};
use anyhow::Result;
use firn_scenarios::Transcript;
use firn_scenarios::child::{duckdb, duckdb_execute};

#[test]
fn tables_are_found_planned_run_and_run_again() -> Result<()> {
    let shop = Shop::with("")?;
    let mut shown = Transcript::new(&shop.terminal);
    shown.run(&["sync", "discover"])?;
    shown.run(&["sync", "discover", "--write"])?;
    shown.run(&["sync", "discover"])?;
    shown.run(&["sync", "plan"])?;
    shown.run(&["sync", "run"])?;
    shown.run(&["sync", "run"])?;
    shown.remark("one customer changes");
    shop.sql("UPDATE customers SET name = 'renamed', updated_at = now() WHERE id = 7")?;
    shown.run(&["sync", "run", "customers"])?;
    shown.run(&["sync", "status"])?;
    shown.run(&["sync", "log", "customers", "--limit", "2"])?;
    shown.run(&["sync", "reset", "customers", "--to", "2020-03-01"])?;
    shown.run(&["sync", "reset", "tags"])?;
    shown.run(&["sync", "reset", "customers", "--to", "yesterday"])?;
    shown.run(&["sync", "run", "customers", "--quiet"])?;
    let rows = duckdb(
        &shop.terminal.folder().join("warehouse.duckdb"),
        "SELECT count(*)::text, max(name) FROM main.customers",
    )?;
    assert_eq!(rows, [vec![Some("1000".to_owned()), Some("renamed".to_owned())]]);
    shown.check("sync.txt")
}

#[test]
fn a_table_is_shown_before_and_after_its_transforms() -> Result<()> {
    let transforms =
        "    transform: { name: \"upper(name)\", credit: \"nullif(credit, 'NaN')\" }\n    where: \"id > 10\"\n";
    let shop = Shop::with(&BOTH.replace("updated_at\n", &format!("updated_at\n{transforms}")))?;
    shop.sql("UPDATE customers SET credit = 'NaN' WHERE id = 11")?;
    let mut shown = Transcript::new(&shop.terminal);
    shown.run(&["sync", "plan", "customers", "--preview", "2"])?;
    shown.run(&["sync", "plan", "tags", "--preview"])?;
    shown.run(&["sync", "plan", "--preview"])?;
    shown.remark("a transform that the server does not take, and one that fails on a row");
    let broken = |sql: &str| {
        shop.terminal.write(
            "firn.yaml",
            &shop.document(
                &BOTH.replace("updated_at\n", &format!("updated_at\n    transform: {{ name: \"{sql}\" }}\n")),
            ),
        )
    };
    broken("upper(nam)")?;
    shown.run(&["sync", "plan", "customers", "--preview"])?;
    broken("(1 / (id - 7))::text")?;
    shown.run(&["sync", "plan", "customers", "--preview"])?;
    shown.check("preview.txt")
}

#[test]
fn a_row_that_the_target_refuses_is_kept_and_the_rest_goes_on() -> Result<()> {
    let shop = Shop::with(BOTH)?;
    shop.sql("UPDATE customers SET credit = 'NaN', updated_at = now() WHERE id = 7")?;
    let mut shown = Transcript::new(&shop.terminal);
    shown.run(&["sync", "run"])?;
    shown.run(&["sync", "errors"])?;
    shown.remark(
        "transforms are tried on it: one that helps, one that fails on the row, one that the server does not take",
    );
    shown.run(&["sync", "errors", "customers", "--try", "credit: nullif(credit, 'NaN')"])?;
    shown.run(&["sync", "errors", "customers", "--try", "credit: (1 / (id - 7))::numeric(10, 2)"])?;
    shown.run(&["sync", "errors", "customers", "--try", "credit: nullif(credit)"])?;
    shown.run(&["sync", "errors", "customers", "--try", "name: upper(name)"])?;
    shown.run(&["sync", "errors", "--try", "credit: 0"])?;
    shown.remark("the row is mended");
    shop.sql("UPDATE customers SET credit = 7, updated_at = now() WHERE id = 7")?;
    shown.run(&["sync", "run", "customers"])?;
    shown.run(&["sync", "errors"])?;
    shown.run(&["sync", "errors", "customers", "--all"])?;
    shown.check("rejected.txt")
}

#[test]
fn rejected_rows_are_tried_again_and_discarded() -> Result<()> {
    let mut shop = Shop::with(BOTH)?;
    shop.terminal.set("USER", "ann");
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")?;
    shop.terminal.name(host.trim(), "<HOST>");
    shop.sql("UPDATE customers SET credit = 'NaN', updated_at = now() WHERE id IN (7, 8, 9, 10)")?;
    let mut shown = Transcript::new(&shop.terminal);
    shop.terminal.run(&["sync", "run"])?;
    shown.run(&["sync", "retry"])?;
    shown.remark("one row is mended, one is deleted; neither with a new watermark");
    shop.sql("UPDATE customers SET credit = 7 WHERE id = 7; DELETE FROM customers WHERE id = 8")?;
    shown.run(&["sync", "retry", "customers"])?;
    shown.run(&["sync", "errors"])?;
    shown.run(&["sync", "discard", "--note", "nobody buys there any more"])?;
    shown.run(&["sync", "discard", "customers", "--id", "4", "99", "--note", "nobody buys there any more"])?;
    shown.run(&["sync", "discard", "customers", "--id", "99", "--note", "no such row"])?;
    shown.run(&["sync", "discard", "customers", "--note", "closed shop"])?;
    shown.run(&["sync", "retry"])?;
    shown.run(&["sync", "errors", "--all", "--limit", "2"])?;
    shown.run(&["sync", "log", "customers", "--limit", "1"])?;
    shown.check("retried.txt")
}

#[test]
fn some_tables_fail_and_the_rest_is_done() -> Result<()> {
    let shop = Shop::with(&format!("{BOTH}  - {{ source: public.gone, target: shop.gone, pk: id, mode: full }}\n"))?;
    let mut shown = Transcript::new(&shop.terminal);
    shown.run(&["sync", "run"])?;
    shown.run(&["sync", "run", "gone"])?;
    shown.run(&["sync", "plan", "gone"])?;
    shown.check("partial.txt")
}

#[test]
fn another_holder_and_another_workspace_are_told() -> Result<()> {
    let shop = Shop::with(BOTH)?;
    let mut shown = Transcript::new(&shop.terminal);
    shop.terminal.run(&["sync", "run"])?;
    shop.sql(
        "UPDATE sync_watermarks SET lease_host = 'elsewhere', lease_pid = 42, lease_nonce = 'x', lease_since = now(), \
         lease_expires = now() + interval '1 hour'",
    )?;
    shown.remark("a process on another host holds both tables");
    shown.run(&["sync", "run"])?;
    shop.sql(
        "UPDATE sync_watermarks SET lease_expires = now() - interval '1 second' WHERE source_table = 'public.tags'",
    )?;
    shown.remark("its lease of one table has ended");
    shown.run(&["sync", "run"])?;
    shown.remark("a second workspace, with a warehouse of its own, on the same state schema");
    std::fs::create_dir(shop.terminal.folder().join("second"))?;
    shop.terminal.write("second/firn.yaml", &shop.document(BOTH))?;
    shown.run(&["--workspace", "second", "sync", "run"])?;
    shown.check("held.txt")
}

#[test]
fn tables_are_compared_and_differences_named() -> Result<()> {
    let shop = Shop::with(BOTH)?;
    let mut shown = Transcript::new(&shop.terminal);
    shop.terminal.run(&["sync", "run"])?;
    shown.run(&["sync", "verify"])?;
    shown.remark("the source moves on, and somebody edits the warehouse");
    shop.sql("INSERT INTO customers VALUES (2001, 'new', 1)")?;
    duckdb_execute(
        &shop.terminal.folder().join("warehouse.duckdb"),
        "UPDATE shop.customers SET name = 'x', credit = NULL WHERE id = 7; DELETE FROM shop.customers WHERE id = 8;
         INSERT INTO shop.tags VALUES (3, 'extra')",
    )?;
    shown.run(&["sync", "verify"])?;
    shown.run(&["sync", "verify", "tags", "--quiet"])?;
    shown.check("verify.txt")
}
