-- The encrypted headers of a webhook: their values, sealed as one; their names stand in the profile.
-- NULL: there are none, or they were erased by deletion.
ALTER TABLE webhook ADD COLUMN encrypted_headers_sealed BLOB;
