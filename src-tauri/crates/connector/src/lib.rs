//! The seams between engines and drivers: source and target contracts, errors, progress.
