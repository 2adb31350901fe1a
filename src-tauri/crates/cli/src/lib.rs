//! The headless binary firn.
