//! The sync engine: first load, increments, horizon, commits, rejected rows. Knows the traits, never a driver.
