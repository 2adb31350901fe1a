//! Mappings as the window works on them: a text of the document that nobody has saved, planned from what is known,
//! saved when nobody else has written the file.
#![allow(clippy::unwrap_used)]

use firn_api::wire::{
    ColumnEdit, ColumnTreatment, DocumentEdit, DocumentSave, DocumentView, MappingRequest, MappingView, PreviewRequest,
    RunRequest, TableChange, TableEdit, WorkspaceRef,
};
use firn_api::{Firn, FirnOptions, command};
use firn_secret::Memory;
use firn_testbed::{Cluster, ClusterOptions};
use std::collections::HashMap;
use std::sync::Arc;
use tempfile::TempDir;

/// A trusted workspace over a server of its own.
struct Desk {
    firn: Firn,
    cluster: Cluster,
    folder: String,
    _data: TempDir,
    _base: TempDir,
}

const TABLE: &str = "public.orders";

impl Desk {
    async fn open(sql: &str) -> Self {
        let cluster = Cluster::start(ClusterOptions::new()).unwrap();
        cluster.psql("postgres", sql).unwrap();
        let (data, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut options = FirnOptions::new(data.path().to_owned(), HashMap::new(), Arc::new(|_| {}));
        options.secrets = Arc::new(Memory::default());
        let firn = Firn::open(options).unwrap();
        let folder = base.path().canonicalize().unwrap().to_str().unwrap().to_owned();
        let document = format!(
            "# the shop\nconnections:\n  app_db: {{ kind: postgres, host: 127.0.0.1, port: {}, database: postgres, user: postgres, tls: disable }}\n  \
             warehouse: {{ kind: duckdb, path: warehouse.duckdb }}\nsource: app_db\ntarget: warehouse\ntables:\n  \
             - source: {TABLE} # what is sold\n    target: orders\n    pk: id\n    watermark_column: updated_at\n  \
             - {{ source: public.people, target: people, pk: id, watermark_column: updated_at }}\n",
            cluster.port()
        );
        std::fs::write(base.path().join("firn.yaml"), document).unwrap();
        let desk = Self { firn, cluster, folder, _data: data, _base: base };
        command::workspace_trust(&desk.firn, desk.at()).await.unwrap();
        desk
    }

    fn at(&self) -> WorkspaceRef {
        WorkspaceRef { folder: self.folder.clone() }
    }

    fn file(&self) -> String {
        std::fs::read_to_string(format!("{}/firn.yaml", self.folder)).unwrap()
    }

    async fn show(&self, document: Option<&str>, not_before: Option<&str>) -> MappingView {
        let request = MappingRequest {
            folder: self.folder.clone(),
            table: TABLE.to_owned(),
            document: document.map(str::to_owned),
            not_before: not_before.map(str::to_owned),
        };
        command::mapping_show(&self.firn, request).await.unwrap()
    }

    async fn edit(&self, text: &str, tables: Vec<TableChange>, template: Option<&str>) -> DocumentView {
        let (folder, text) = (self.folder.clone(), text.to_owned());
        let request = DocumentEdit { folder, text, tables, template: template.map(str::to_owned) };
        command::document_edit(&self.firn, request).await.unwrap()
    }

    async fn treat(&self, text: &str, column: &str, treatment: ColumnTreatment) -> String {
        let columns = vec![ColumnEdit { column: column.to_owned(), treatment }];
        self.edit(text, vec![change(TABLE, columns, TableEdit::default())], None).await.text
    }

    async fn run(&self) {
        let request = RunRequest { folder: self.folder.clone(), ..RunRequest::default() };
        let finished = self.firn.run_to_end(request, tokio_util::sync::CancellationToken::new()).await.unwrap();
        assert!(finished.tables.iter().all(|table| table.error.is_none()), "{:?}", finished.tables);
    }
}

fn change(table: &str, columns: Vec<ColumnEdit>, edit: TableEdit) -> TableChange {
    TableChange { table: table.to_owned(), columns, edit }
}

const ORDERS: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, amount numeric, note text, gone text, updated_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON orders (updated_at, id);
    INSERT INTO orders SELECT i, i / 7.0, 'note ' || i, 'x', now() FROM generate_series(1, 200) i;
    CREATE TABLE people (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()); ANALYZE;";

#[tokio::test]
async fn an_edit_is_planned_from_what_is_known_and_the_source_is_asked_only_for_what_is_new() {
    let desk = Desk::open(ORDERS).await;
    let file = desk.file();
    let first = desk.show(None, None).await;
    assert_eq!(first.plan.rows_waiting, Some(200));
    // A table that nobody asks about is no trouble for what is known.
    desk.cluster.psql("postgres", "ALTER TABLE orders RENAME TO elsewhere").unwrap();
    let left_out = desk.treat(&file, "gone", ColumnTreatment::LeftOut).await;
    let shown = desk.show(Some(&left_out), None).await;
    assert_eq!(shown.asked_at, first.asked_at, "the source was not asked again");
    assert_eq!(shown.plan.rows_waiting, Some(200));
    assert!(!shown.plan.select.clone().unwrap().contains("\"gone\""), "{:?}", shown.plan.select);
    assert!(!shown.plan.ddl.join(";").contains("gone"));
    assert_eq!(shown.plan.columns.len(), 5, "left-out columns are shown");

    // An expression that nobody has typed yet has to be asked about.
    let upper = desk.treat(&file, "note", ColumnTreatment::Expression { sql: "upper(note)".to_owned() }).await;
    let asked = desk.show(Some(&upper), None).await;
    assert!(asked.plan.error.is_some(), "the table is not there any more: {:?}", asked.plan);
    desk.cluster.psql("postgres", "ALTER TABLE elsewhere RENAME TO orders").unwrap();
    let typed = desk.show(Some(&upper), None).await;
    assert!(typed.plan.error.is_none() && typed.asked_at > first.asked_at, "{:?}", typed.plan.error);
    desk.cluster
        .psql(
            "postgres",
            "INSERT INTO orders SELECT i, 1, 'n', 'x', now() FROM generate_series(201, 210) i; ANALYZE orders",
        )
        .unwrap();
    // Undone and made again: both are known now.
    let undone = desk.show(None, None).await;
    assert_eq!((&undone.asked_at, undone.plan.rows_waiting), (&typed.asked_at, Some(200)));
    let fresh = desk.show(None, Some(&firn_api::now())).await;
    assert_eq!(fresh.plan.rows_waiting, Some(210), "whoever wants it fresh gets it");
    assert_eq!(desk.file(), file, "nothing was written");
    desk.firn.close().await;
}

#[tokio::test]
async fn a_cast_says_what_it_loses_though_its_own_type_is_exact() {
    let desk = Desk::open(ORDERS).await;
    desk.cluster
        .psql(
            "postgres",
            "CREATE DOMAIN cents AS numeric(10,0);
             ALTER TABLE orders ADD b boolean, ADD i2 smallint, ADD i4 integer, ADD i8 bigint, ADD f4 real, ADD f8 double precision,
                ADD n numeric(18,4), ADD c cents, ADD ts timestamp, ADD tz timestamptz, ADD u uuid, ADD bin bytea, ADD j jsonb, ADD a integer[]",
        )
        .unwrap();
    let file = desk.file();
    let shown = desk.show(None, None).await;
    let offered = shown.casts.iter().find(|one| one.columns.contains(&"amount".to_owned())).unwrap();
    assert_eq!((offered.source_type.as_str(), offered.target_type.as_str()), ("numeric", "VARCHAR"));
    let decimal = offered.casts.iter().find(|cast| cast.target_type == "DECIMAL(38,9)").unwrap();
    assert_eq!(decimal.verdict, "lossy");
    let cast = desk.treat(&file, "amount", ColumnTreatment::Cast { form: decimal.form.clone() }).await;
    let amount = |view: &MappingView| view.plan.columns.iter().find(|one| one.name == "amount").unwrap().clone();
    let lossy = amount(&desk.show(Some(&cast), None).await);
    assert_eq!((lossy.target_type.as_str(), lossy.verdict.as_str()), ("DECIMAL(38,9)", "lossy"), "{lossy:?}");
    assert!(lossy.note.contains("rounded"), "{lossy:?}");
    // The same type by an expression of one's own is what its type is: what it does is not known.
    let own =
        desk.treat(&file, "amount", ColumnTreatment::Expression { sql: "amount::numeric(38,9)".to_owned() }).await;
    assert_eq!(amount(&desk.show(Some(&own), None).await).verdict, "exact");
    // Every cast that is offered is one the server takes, and comes to the type and verdict it was offered with.
    let mut tried = 0;
    for offered in &shown.casts {
        let plain =
            |name: &&String| shown.plan.columns.iter().any(|one| one.name == **name && !one.key && !one.watermark);
        let Some(name) = offered.columns.iter().find(plain) else { continue };
        for offer in &offered.casts {
            let text = desk.treat(&file, name, ColumnTreatment::Cast { form: offer.form.clone() }).await;
            let view = desk.show(Some(&text), None).await;
            assert!(view.plan.error.is_none(), "{name} as {}: {:?}", offer.form, view.plan.error);
            let column = view.plan.columns.iter().find(|one| one.name == *name).unwrap();
            assert_eq!((&column.target_type, &column.verdict), (&offer.target_type, &offer.verdict), "{name}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
    let bad = DocumentEdit {
        folder: desk.folder.clone(),
        text: file,
        tables: vec![change(
            TABLE,
            vec![ColumnEdit {
                column: "amount".to_owned(),
                treatment: ColumnTreatment::Cast { form: "to text; DROP TABLE orders".to_owned() },
            }],
            TableEdit::default(),
        )],
        template: None,
    };
    assert_eq!(command::document_edit(&desk.firn, bad).await.unwrap_err().code, "configuration");
    desk.firn.close().await;
}

#[tokio::test]
async fn the_rows_in_which_a_column_fares_worst_come_first() {
    let desk = Desk::open(
        "CREATE TABLE orders (id bigint PRIMARY KEY, amount numeric, updated_at timestamptz NOT NULL DEFAULT now());
         INSERT INTO orders SELECT i, i FROM generate_series(1, 300) i;
         UPDATE orders SET amount = 0.12345678901234 WHERE id = 299;
         CREATE TABLE people (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());",
    )
    .await;
    let text = desk.treat(&desk.file(), "amount", ColumnTreatment::Cast { form: "to numeric(38,9)".to_owned() }).await;
    let request = |column: Option<&str>| PreviewRequest {
        folder: desk.folder.clone(),
        table: TABLE.to_owned(),
        rows: 3,
        document: Some(text.clone()),
        column: column.map(str::to_owned),
    };
    let worst = command::sync_preview(&desk.firn, request(Some("amount"))).await.unwrap();
    let at = worst.columns.iter().position(|column| column.name == "amount").unwrap();
    let cell = &worst.rows[0][at];
    assert_eq!((cell.before.as_deref(), cell.after.as_deref()), (Some("0.12345678901234"), Some("0.123456789")));
    let of = |what: &str| worst.worst.iter().find(|one| one.column == "amount" && one.what == what).cloned();
    assert_eq!(of("changed").unwrap().rows, Some(1), "2 and 2.000000000 are one value");
    assert_eq!(of("most_precise").unwrap().characters, Some(14));
    assert_eq!(of("largest").unwrap().value.as_deref(), Some("100"), "the first with as many digits");
    let first = command::sync_preview(&desk.firn, request(None)).await.unwrap();
    assert_eq!(first.rows[0][at].before.as_deref(), Some("1"), "without a column, the first rows as they are stored");
    desk.firn.close().await;
}

#[tokio::test]
async fn what_changed_in_the_source_is_listed_with_what_a_run_does_about_it() {
    let desk = Desk::open(
        "CREATE TABLE orders (id bigint PRIMARY KEY, qty integer, phone text, fax text, updated_at timestamptz NOT NULL DEFAULT now());
         INSERT INTO orders SELECT i, i, 'p', 'f', now() FROM generate_series(1, 10) i;
         CREATE TABLE people (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());",
    )
    .await;
    desk.run().await;
    assert!(desk.show(None, Some(&firn_api::now())).await.plan.changes.is_empty());
    desk.cluster
        .psql(
            "postgres",
            "ALTER TABLE orders ADD points integer; ALTER TABLE orders DROP fax; ALTER TABLE orders ALTER qty TYPE bigint; ALTER TABLE orders RENAME phone TO contact",
        )
        .unwrap();
    let shown = desk.show(None, Some(&firn_api::now())).await;
    let said = |view: &MappingView| -> Vec<(String, String, bool)> {
        let changes = view.plan.changes.iter();
        changes.map(|one| (one.kind.clone(), one.column.clone().unwrap_or_default(), one.stops)).collect()
    };
    let line = |kind: &str, column: &str, stops| (kind.to_owned(), column.to_owned(), stops);
    assert_eq!(
        said(&shown),
        [
            line("new", "points", false),
            line("removed", "fax", false),
            line("changed", "contact", false),
            line("changed", "qty", false)
        ]
    );
    let qty = shown.plan.changes.iter().find(|one| one.column.as_deref() == Some("qty")).unwrap();
    assert_eq!((qty.before.as_deref(), qty.now.as_deref()), (Some("integer"), Some("bigint")));
    assert!(qty.outcome.contains("widened") && qty.outcome.contains("BIGINT"), "{qty:?}");

    // Another word for drift is planned from what is known, and says otherwise.
    let text = desk.edit(&desk.file(), vec![change(TABLE, Vec::new(), drift("stop"))], None).await.text;
    let stopped = desk.show(Some(&text), None).await;
    assert!(stopped.plan.error.is_some());
    assert!(said(&stopped).iter().all(|(_, _, stops)| *stops), "{:?}", stopped.plan.changes);
    let text = desk.edit(&desk.file(), vec![change(TABLE, Vec::new(), drift("ignore"))], None).await.text;
    let ignored = desk.show(Some(&text), None).await;
    let points = &ignored.plan.changes[0];
    assert_eq!((points.stops, points.outcome.as_str()), (false, "left out"));

    desk.run().await;
    assert!(
        desk.show(None, Some(&firn_api::now())).await.plan.changes.is_empty(),
        "a run that went through accepts them"
    );
    desk.firn.close().await;
}

#[tokio::test]
async fn a_look_before_a_run_tells_of_every_table_what_its_mapping_tells() {
    let desk = Desk::open(
        "CREATE TABLE orders (id bigint PRIMARY KEY, qty integer, fax text, updated_at timestamptz NOT NULL DEFAULT now());
         INSERT INTO orders SELECT i, i, 'f', now() FROM generate_series(1, 10) i;
         CREATE TABLE people (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());",
    )
    .await;
    let look = async || command::source_drift(&desk.firn, desk.at()).await.unwrap().tables;
    assert!(look().await.is_empty(), "nothing has run yet");
    desk.run().await;
    assert!(look().await.is_empty());

    // What the target remembers is known: a file that looks the same from outside is not opened.
    let warehouse = format!("{}/warehouse.duckdb", desk.folder);
    let kept = std::fs::read(&warehouse).unwrap();
    let written = std::fs::metadata(&warehouse).unwrap().modified().unwrap();
    let overwrite = |bytes: &[u8]| {
        let mut file = std::fs::OpenOptions::new().write(true).open(&warehouse).unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        file.set_modified(written).unwrap();
    };
    overwrite(&vec![7; kept.len()]);
    desk.cluster
        .psql(
            "postgres",
            "ALTER TABLE orders ADD points integer; ALTER TABLE orders DROP fax; ALTER TABLE people ADD name text",
        )
        .unwrap();
    let found = look().await;
    overwrite(&kept);
    let said: Vec<(&str, usize)> = found.iter().map(|table| (table.source.as_str(), table.changes.len())).collect();
    assert_eq!(said, [(TABLE, 2), ("public.people", 1)]);
    let told = desk.show(None, Some(&firn_api::now())).await;
    let json = |changes| serde_json::to_value(changes).unwrap();
    assert_eq!(json(&found[0].changes), json(&told.plan.changes), "both say the same of a change");
    assert_eq!(found[0].on_drift, told.on_drift);

    // The type of an expression is the server's to say.
    let text = desk.treat(&desk.file(), "points", ColumnTreatment::Expression { sql: "points::text".to_owned() }).await;
    std::fs::write(format!("{}/firn.yaml", desk.folder), text).unwrap();
    let points = look().await[0].changes[0].clone();
    assert!(points.outcome.contains("VARCHAR"), "{points:?}");

    desk.run().await;
    assert!(look().await.is_empty(), "a run that went through accepts them");
    desk.firn.close().await;
}

fn drift(word: &str) -> TableEdit {
    TableEdit { on_drift: Some(word.to_owned()), ..TableEdit::default() }
}

#[tokio::test]
async fn a_text_is_edited_either_way_and_never_saved_over_somebody_elses() {
    let desk = Desk::open(ORDERS).await;
    let file = desk.file();
    let shown = command::document_show(&desk.firn, desk.at()).await.unwrap();
    assert_eq!((shown.text.as_str(), shown.problems.len()), (file.as_str(), 0));
    assert_eq!((shown.tables[0].first_line, shown.tables[0].last_line), (8, 11));
    assert_eq!((shown.tables[1].first_line, shown.tables[1].last_line), (12, 12));

    // A fault that a person types is told with its line; the mapping is not made of it.
    let faulty = file.replace("    pk: id\n    watermark_column", "    pk: id\n    watermark_colum");
    let checked = desk.edit(&faulty, Vec::new(), None).await;
    assert!(checked.problems.iter().any(|problem| problem.line == 11), "{:?}", checked.problems);
    let save = |before: &str, text: &str| DocumentSave {
        folder: desk.folder.clone(),
        before: before.to_owned(),
        text: text.to_owned(),
    };
    let refused = command::document_save(&desk.firn, save(&file, &faulty)).await.unwrap_err();
    assert!(!refused.problems.is_empty() && desk.file() == file, "{refused:?}");

    // Edits of the mapping change the lines they mean; names come from a pattern, all or none.
    let both = vec![
        change(TABLE, Vec::new(), TableEdit { on_unfit: Some("null".to_owned()), ..TableEdit::default() }),
        change("public.people", Vec::new(), TableEdit::default()),
    ];
    let edited = desk.edit(&file, both.clone(), Some("{schema:upper}.raw_{table}")).await;
    assert_eq!(edited.tables[0].target, "PUBLIC.raw_orders");
    assert_eq!(edited.tables[1].target, "PUBLIC.raw_people");
    assert_eq!(edited.tables[0].on_unfit, "null");
    assert!(edited.text.contains("- source: public.orders # what is sold\n    target: PUBLIC.raw_orders\n"));
    assert!(edited.text.starts_with("# the shop\n"));
    let one_name = DocumentEdit {
        folder: desk.folder.clone(),
        text: file.clone(),
        tables: both,
        template: Some("main.everything".to_owned()),
    };
    let error = command::document_edit(&desk.firn, one_name).await.unwrap_err();
    assert!(error.message.contains("{table}"), "{}", error.message);

    // Somebody else writes the file meanwhile: nothing of theirs is lost.
    let theirs = file.replace("# the shop", "# their shop");
    std::fs::write(format!("{}/firn.yaml", desk.folder), &theirs).unwrap();
    let busy = command::document_save(&desk.firn, save(&file, &edited.text)).await.unwrap_err();
    assert_eq!((busy.code.as_str(), desk.file()), ("busy", theirs.clone()));
    let view = command::document_save(&desk.firn, save(&theirs, &edited.text)).await.unwrap();
    assert_eq!(view.tables[0].target, "PUBLIC.raw_orders");
    assert_eq!(desk.file(), edited.text);

    let sizes = command::source_sizes(&desk.firn, desk.at()).await.unwrap();
    let orders = sizes.tables.iter().find(|table| table.source == TABLE).unwrap();
    assert_eq!(orders.estimated_rows, Some(200));
    assert!(orders.bytes > 0);
    desk.firn.close().await;
}
