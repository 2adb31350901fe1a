//! The workspace document firn.yaml: parsed, checked, edited with comments kept.
