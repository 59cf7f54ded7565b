-- Work that is to be done, and by whom it is being done. Workers claim rows with FOR UPDATE SKIP LOCKED under a lease
-- (claim_executions in 0003); process_instances and process_definitions are keys of the document database.

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION set_updated_at() IS 'Trigger: keeps updated_at true, whatever the client sends.';

CREATE TABLE executions (
  id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  process_instance_key   text NOT NULL CHECK (length(process_instance_key) BETWEEN 1 AND 254),
  process_definition_key text NOT NULL DEFAULT '' CHECK (length(process_definition_key) <= 254),
  node_id                text NOT NULL CHECK (length(node_id) BETWEEN 1 AND 254),
  queue                  text NOT NULL DEFAULT 'default' CHECK (queue ~ '^[a-z][a-z0-9_.-]{0,62}$'),
  priority               smallint NOT NULL DEFAULT 100 CHECK (priority BETWEEN 0 AND 1000),
  state                  text NOT NULL DEFAULT 'ready'
                           CHECK (state IN ('ready', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  run_after              timestamptz NOT NULL DEFAULT now(),
  attempts               integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  max_attempts           integer NOT NULL DEFAULT 5 CHECK (max_attempts BETWEEN 1 AND 100),
  lease_owner            text CHECK (length(lease_owner) BETWEEN 1 AND 200),
  lease_token            uuid,
  lease_until            timestamptz,
  idempotency_key        text CHECK (length(idempotency_key) BETWEEN 1 AND 200),
  input                  jsonb NOT NULL DEFAULT '{}',
  output                 jsonb,
  last_error             text,
  created_at             timestamptz NOT NULL DEFAULT now(),
  updated_at             timestamptz NOT NULL DEFAULT now(),
  started_at             timestamptz,
  finished_at            timestamptz,
  CONSTRAINT executions_lease_while_running CHECK (
    (state = 'running') = (lease_owner IS NOT NULL AND lease_token IS NOT NULL AND lease_until IS NOT NULL)),
  CONSTRAINT executions_finished CHECK (
    (state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
COMMENT ON TABLE executions IS 'One row for each step that a worker has to do. Claimed by claim_executions(); higher priority first.';
COMMENT ON COLUMN executions.lease_token IS 'Proves that a worker still holds the row; a worker that was too slow finds another token.';
COMMENT ON COLUMN executions.idempotency_key IS 'The same key is accepted once, so that a repeated request adds no second step.';

-- Small whatever the table's size, because finished rows are not in it; in the order in which rows are claimed.
CREATE INDEX executions_claimable_idx ON executions (queue, priority DESC, run_after, id) WHERE state = 'ready';
CREATE INDEX executions_lease_until_idx ON executions (lease_until) WHERE state = 'running';
CREATE INDEX executions_process_instance_key_idx ON executions (process_instance_key, created_at);
CREATE INDEX executions_finished_at_idx ON executions (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX executions_idempotency_key_key ON executions (idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TRIGGER executions_updated_at BEFORE UPDATE ON executions FOR EACH ROW EXECUTE FUNCTION set_updated_at();
