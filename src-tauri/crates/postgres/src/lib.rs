//! PostgreSQL: introspection, COPY decoding into Arrow, state tables, leases.
