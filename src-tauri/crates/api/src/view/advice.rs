//! What a table offers as its key and its watermark.

use crate::wire::{KeyCandidateView, WatermarkCandidateView};
use firn_catalog::WatermarkKind;
use firn_connector::{KeyCandidate, WatermarkCandidate};

pub(crate) fn key_candidate(candidate: &KeyCandidate) -> KeyCandidateView {
    KeyCandidateView { columns: candidate.columns.clone(), primary: candidate.primary }
}

pub(crate) fn watermark_candidate(candidate: &WatermarkCandidate) -> WatermarkCandidateView {
    WatermarkCandidateView {
        column: candidate.column.clone(),
        axis: axis(candidate.kind).to_owned(),
        likely: candidate.likely,
        indexed: candidate.indexed,
        not_null: candidate.not_null,
        nulls: candidate.nulls,
        monotonic: candidate.monotonic(),
        set_by: candidate.set_by.word().to_owned(),
        reasons: candidate.reasons(),
        index_sql: candidate.index_sql.clone(),
    }
}

fn axis(kind: WatermarkKind) -> &'static str {
    match kind {
        WatermarkKind::Timestamptz => "timestamptz",
        WatermarkKind::Timestamp => "timestamp",
        WatermarkKind::Date => "date",
        WatermarkKind::Integer => "integer",
    }
}
