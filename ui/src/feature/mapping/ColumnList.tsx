import { ChevronDown, Clock, KeyRound } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { shortType } from "../../data/format";
import type { MappedColumn } from "../../data/mapping";
import { verdictWord } from "../../data/words";
import { type GridColumn, RowGrid } from "../../grid/RowGrid";
import { widthOf } from "../../grid/width";
import { Chip, Icon } from "../../kit";

type ColumnListProps = {
  source: string;
  target: string;
  /** All columns of the table: the widths are those of the longest words, whichever are listed. */
  all: readonly MappedColumn[];
  columns: readonly MappedColumn[];
  chosen: string | null;
  onChoose: (name: string) => void;
  onOpen: () => void;
  /** Chooses another type for a column. */
  onType: (name: string) => void;
  /** The names that are ticked now. */
  onTake: (taken: ReadonlySet<string>) => void;
};

/** The columns of the source and of the target, side by side, each pair joined by a line. */
export function ColumnList(props: ColumnListProps) {
  const { source, target, all, columns, chosen, onChoose, onOpen, onTake } = props;
  const latest = useRef(props.onType);
  useEffect(() => {
    latest.current = props.onType;
  });
  const onType = useCallback((name: string) => latest.current(name), []);
  const shown = useMemo(() => gridColumns(source, target, all, onType), [source, target, all, onType]);
  const taken = new Set(columns.filter((one) => one.treatment.kind !== "left_out").map((one) => one.name));
  return (
    <RowGrid
      label="Columns"
      columns={shown}
      rows={columns}
      rowKey={(column) => column.name}
      selected={chosen}
      onSelect={(column) => onChoose(column.name)}
      onOpen={onOpen}
      ticked={taken}
      onTick={onTake}
      tickable={(column) => !column.key && !column.watermark}
      autoFocus
    />
  );
}

/** Most pixels that a type has: names have to be seen beside it. */
const WIDEST_TYPE = 200;
const WIDEST_NAME = 480;
/** The glyph behind a type that can be another, and the word behind a column that was edited. */
const GLYPH = 18;
const EDITED = 44;

function gridColumns(
  source: string,
  target: string,
  all: readonly MappedColumn[],
  onType: (name: string) => void,
): readonly GridColumn<MappedColumn>[] {
  const beside = all.some((column) => column.edited) ? EDITED : 0;
  const heads = [`${source} column`, `${target} column`] as const;
  const names = widthOf([heads[0], ...all.map((column) => column.name)], WIDEST_NAME, beside);
  const targets = widthOf([heads[1], ...all.map((column) => absence(column) ?? column.name)], WIDEST_NAME);
  return [
    {
      id: "source",
      head: heads[0],
      width: 96,
      enough: names,
      mono: true,
      cell: (column) => (
        <>
          {column.name}
          {column.edited && <span className="edited"> edited</span>}
        </>
      ),
      whole: (column) => column.name,
    },
    {
      id: "source-type",
      head: "Type",
      width: widthOf(
        all.map((column) => shortType(column.ownType)),
        WIDEST_TYPE,
      ),
      mono: true,
      cell: (column) => shortType(column.ownType),
      whole: (column) => column.ownType,
    },
    {
      id: "role",
      head: "",
      spoken: "Role",
      width: 64,
      cell: (column) =>
        column.key ? (
          <span className="faint small">
            <Icon of={KeyRound} small /> key
          </span>
        ) : column.watermark ? (
          <span className="faint small">
            <Icon of={Clock} small /> mark
          </span>
        ) : null,
    },
    { id: "line", head: "", spoken: "Leads to", width: 88, cell: (column) => <Line of={column} /> },
    {
      id: "target",
      head: heads[1],
      width: 96,
      enough: targets,
      mono: true,
      cell: (column) => {
        const word = absence(column);
        return word ? <span className="faint">{word}</span> : column.name;
      },
      whole: (column) => column.name,
    },
    {
      id: "target-type",
      head: "Type",
      width: widthOf(
        all.map((column) => column.target_type),
        WIDEST_TYPE,
        GLYPH,
      ),
      mono: true,
      cell: (column) =>
        column.treatment.kind === "left_out" ? (
          ""
        ) : column.key || column.watermark ? (
          column.target_type || "–"
        ) : (
          <button
            type="button"
            className="type-of"
            tabIndex={-1}
            aria-label={`${column.target_type || "–"}: another type for ${column.name}`}
            onClick={() => onType(column.name)}
          >
            <span className="cut">{column.target_type || "–"}</span>
            <Icon of={ChevronDown} small />
          </button>
        ),
      whole: (column) => column.target_type,
    },
    {
      id: "verdict",
      head: "Verdict",
      width: 92,
      cell: (column) => <Chip of={verdictWord(column.shownVerdict)} title={column.note} />,
    },
    {
      id: "transform",
      head: "Transform, or what to know",
      width: 100,
      grow: 1,
      cell: (column) =>
        column.treatment.kind === "expression" ? (
          <code>{column.treatment.sql}</code>
        ) : (
          <span className="soft">{column.treatment.kind === "left_out" ? "stays in the source" : column.note}</span>
        ),
      whole: (column) => (column.treatment.kind === "expression" ? column.treatment.sql : column.note || null),
    },
  ];
}

/** Why the target has no such column; null where it has. */
function absence(column: MappedColumn): string | null {
  if (column.treatment.kind === "left_out") return "not in the target";
  return column.verdict === "refused" ? "no such type" : null;
}

const WIDTH = 72;
const MIDDLE = 13;

/** The line between a column and its copy; what becomes of it is told in words beside it. */
function Line({ of: column }: { of: MappedColumn }) {
  const { kind } = column.treatment;
  const verdict = column.shownVerdict;
  if (verdict === "left_out" || verdict === "refused") {
    const end = WIDTH * 0.42;
    return (
      <svg className={`line-of ${verdict}`} width={WIDTH} height={26} aria-hidden>
        <path d={`M3 ${MIDDLE}H${end}`} strokeDasharray="3 3" />
        {verdict === "refused" ? (
          <path d={`M${end + 5} ${MIDDLE - 4}l8 8m0 -8l-8 8`} />
        ) : (
          <path d={`M${end + 5} ${MIDDLE - 4}v8`} />
        )}
      </svg>
    );
  }
  return (
    <svg className={`line-of ${verdict}`} width={WIDTH} height={26} aria-hidden>
      <path d={`M3 ${MIDDLE}H${WIDTH - 3}`} />
      <circle cx={3} cy={MIDDLE} r={2.5} />
      <circle cx={WIDTH - 3} cy={MIDDLE} r={2.5} />
      {kind === "expression" && (
        <>
          <rect x={WIDTH / 2 - 11} y={MIDDLE - 8} width={22} height={16} rx={3} />
          <text x={WIDTH / 2} y={MIDDLE + 4} textAnchor="middle">
            fx
          </text>
        </>
      )}
    </svg>
  );
}
