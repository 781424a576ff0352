-- Webhooks that were made before V5 were made by whoever owns them: it is written down before they are given away.
UPDATE webhook SET created_by = owner WHERE created_by IS NULL;
UPDATE webhook SET updated_by = owner WHERE updated_by IS NULL;

-- How a deleted webhook was doing is nobody's to know.
DELETE FROM webhook_activity WHERE webhook IN (SELECT id FROM webhook WHERE deleted_at IS NOT NULL);
