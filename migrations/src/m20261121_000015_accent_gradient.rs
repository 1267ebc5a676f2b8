//! A gradient in the look of an agency; empty is none.

crate::migration!(
    "m20261121_000015_accent_gradient",
    up: "
ALTER TABLE agencies ADD COLUMN accent_gradient TEXT NOT NULL DEFAULT '';
",
    down: "
ALTER TABLE agencies DROP COLUMN accent_gradient;
",
);
