//! Finds a logo by the hash in its public address, before any agency is known.

crate::migration!(
    "m20261121_000007_logo_lookup",
    up: "
CREATE INDEX files_sha ON files (sha256);
",
    down: "
DROP INDEX files_sha;
",
);
