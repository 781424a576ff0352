-- What is forgotten is looked for by webhook, one tenant at a time: the primary keys are enough.
DROP INDEX webhook_stats_start;
DROP INDEX webhook_version_replaced;
