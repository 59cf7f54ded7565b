-- What happened to an execution, and what is to happen at a time.

CREATE TABLE execution_history (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  execution_id uuid NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
  at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  from_state   text,
  to_state     text NOT NULL,
  attempt      integer NOT NULL CHECK (attempt >= 0),
  worker       text,
  error        text
);
COMMENT ON TABLE execution_history IS 'Every change of an execution''s state, written by a trigger; nothing else writes here.';

CREATE INDEX execution_history_execution_id_idx ON execution_history (execution_id, id);
CREATE INDEX execution_history_at_idx ON execution_history USING brin (at);

CREATE FUNCTION record_execution_state() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO execution_history (execution_id, to_state, attempt, worker)
    VALUES (NEW.id, NEW.state, NEW.attempts, NEW.lease_owner);
  ELSIF NEW.state IS DISTINCT FROM OLD.state OR NEW.attempts IS DISTINCT FROM OLD.attempts THEN
    INSERT INTO execution_history (execution_id, from_state, to_state, attempt, worker, error)
    VALUES (NEW.id, OLD.state, NEW.state, NEW.attempts, coalesce(NEW.lease_owner, OLD.lease_owner),
            CASE WHEN NEW.last_error IS DISTINCT FROM OLD.last_error THEN NEW.last_error END);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_execution_state() IS 'Trigger: writes execution_history.';

CREATE TRIGGER executions_history AFTER INSERT OR UPDATE ON executions
  FOR EACH ROW EXECUTE FUNCTION record_execution_state();

CREATE TABLE timers (
  id                   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  process_instance_key text NOT NULL CHECK (length(process_instance_key) BETWEEN 1 AND 254),
  node_id              text NOT NULL CHECK (length(node_id) BETWEEN 1 AND 254),
  state                text NOT NULL DEFAULT 'scheduled' CHECK (state IN ('scheduled', 'fired', 'cancelled')),
  due_at               timestamptz NOT NULL,
  repeat_every         interval CHECK (repeat_every >= interval '1 second'),
  repetitions_left     integer CHECK (repetitions_left >= 0),
  payload              jsonb NOT NULL DEFAULT '{}',
  fired_count          integer NOT NULL DEFAULT 0 CHECK (fired_count >= 0),
  last_fired_at        timestamptz,
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now(),
  CHECK (repetitions_left IS NULL OR repeat_every IS NOT NULL)
);
COMMENT ON TABLE timers IS 'BPMN timer events: once at due_at, or every repeat_every, for repetitions_left more times (null: without end).';

CREATE INDEX timers_due_idx ON timers (due_at, id) WHERE state = 'scheduled';
CREATE INDEX timers_process_instance_key_idx ON timers (process_instance_key);

CREATE TRIGGER timers_updated_at BEFORE UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION set_updated_at();
