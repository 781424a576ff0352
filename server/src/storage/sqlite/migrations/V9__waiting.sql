-- What waits for a webhook is read in the order of its turns, by the engine, which holds a bounded part of it. A delivery
-- leaves the index when it ends, so it is as small as the backlog. Of those that are due at once the older goes first:
-- the row's id ends each entry of the index.
CREATE INDEX delivery_waiting ON delivery (webhook, due_at) WHERE state = 0;
DROP INDEX delivery_pending;

-- Failures that used up a step of the ladder. Only read while a delivery is pending.
ALTER TABLE delivery ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
UPDATE delivery INDEXED BY delivery_waiting SET tries = attempts WHERE state = 0;
