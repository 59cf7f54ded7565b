-- How workers take and give back work. Each function is one short transaction; none waits for another worker's rows.

CREATE FUNCTION claim_executions(worker text, queues text[] DEFAULT '{default}', most integer DEFAULT 1,
                                 lease interval DEFAULT '1 minute') RETURNS SETOF executions
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  WITH claimable AS MATERIALIZED (
    SELECT id FROM executions
     WHERE state = 'ready' AND queue = ANY (queues) AND run_after <= now()
     ORDER BY priority DESC, run_after, id
     LIMIT least(greatest(most, 0), 1000)
       FOR UPDATE SKIP LOCKED)
  UPDATE executions e
     SET state = 'running', attempts = e.attempts + 1, lease_owner = worker, lease_token = gen_random_uuid(),
         lease_until = clock_timestamp() + lease, started_at = coalesce(e.started_at, clock_timestamp())
    FROM claimable c
   WHERE e.id = c.id
  RETURNING e.*
$$;
COMMENT ON FUNCTION claim_executions(text, text[], integer, interval)
  IS 'Takes up to "most" due steps, highest priority first; no two workers get the same one.';

CREATE FUNCTION extend_lease(execution uuid, token uuid, lease interval DEFAULT '1 minute') RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  WITH extended AS (
    UPDATE executions SET lease_until = clock_timestamp() + lease
     WHERE id = execution AND state = 'running' AND lease_token = token
    RETURNING 1)
  SELECT EXISTS (SELECT FROM extended)
$$;
COMMENT ON FUNCTION extend_lease(uuid, uuid, interval)
  IS 'Keeps a step for longer; false: the lease was lost, the worker has to stop.';

CREATE FUNCTION complete_execution(execution uuid, token uuid, result jsonb DEFAULT '{}') RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  WITH completed AS (
    UPDATE executions
       SET state = 'succeeded', output = result, last_error = NULL, finished_at = clock_timestamp(),
           lease_owner = NULL, lease_token = NULL, lease_until = NULL
     WHERE id = execution AND state = 'running' AND lease_token = token
    RETURNING 1)
  SELECT EXISTS (SELECT FROM completed)
$$;
COMMENT ON FUNCTION complete_execution(uuid, uuid, jsonb)
  IS 'Ends a step well; false: the lease was lost and another worker has the step, so the result is dropped.';

CREATE FUNCTION fail_execution(execution uuid, token uuid, error text, retry_after interval DEFAULT NULL)
RETURNS text LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  UPDATE executions e
     SET state = CASE WHEN e.attempts < e.max_attempts THEN 'ready' ELSE 'failed' END,
         run_after = CASE WHEN e.attempts < e.max_attempts
                          -- Twice as long after each attempt, at most an hour.
                          THEN now() + coalesce(retry_after, least(interval '1 second' * 2 ^ least(e.attempts, 12),
                                                                   interval '1 hour'))
                          ELSE e.run_after END,
         finished_at = CASE WHEN e.attempts < e.max_attempts THEN NULL ELSE clock_timestamp() END,
         last_error = left(error, 10000), lease_owner = NULL, lease_token = NULL, lease_until = NULL
   WHERE id = execution AND state = 'running' AND lease_token = token
  RETURNING state
$$;
COMMENT ON FUNCTION fail_execution(uuid, uuid, text, interval)
  IS 'Gives a step back after an error: "ready" again later, or "failed" when its attempts are used up; null: the lease was lost.';

CREATE FUNCTION release_expired_leases(most integer DEFAULT 100) RETURNS integer
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  WITH expired AS MATERIALIZED (
    SELECT id FROM executions
     WHERE state = 'running' AND lease_until < clock_timestamp()
     ORDER BY lease_until
     LIMIT most
       FOR UPDATE SKIP LOCKED),
  released AS (
    UPDATE executions e
       SET state = CASE WHEN e.attempts < e.max_attempts THEN 'ready' ELSE 'failed' END,
           finished_at = CASE WHEN e.attempts < e.max_attempts THEN NULL ELSE clock_timestamp() END,
           last_error = 'lease of worker ' || e.lease_owner || ' expired',
           lease_owner = NULL, lease_token = NULL, lease_until = NULL
      FROM expired x
     WHERE e.id = x.id
    RETURNING 1)
  SELECT count(*)::integer FROM released
$$;
COMMENT ON FUNCTION release_expired_leases(integer)
  IS 'Gives back the steps of workers that died; any worker calls it now and then.';

CREATE FUNCTION fire_due_timers(most integer DEFAULT 100) RETURNS SETOF timers
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  WITH due AS MATERIALIZED (
    SELECT id FROM timers
     WHERE state = 'scheduled' AND due_at <= now()
     ORDER BY due_at, id
     LIMIT most
       FOR UPDATE SKIP LOCKED)
  UPDATE timers t
     SET fired_count = t.fired_count + 1, last_fired_at = clock_timestamp(),
         state = CASE WHEN t.repeat_every IS NULL OR t.repetitions_left = 0 THEN 'fired' ELSE 'scheduled' END,
         due_at = CASE WHEN t.repeat_every IS NULL OR t.repetitions_left = 0 THEN t.due_at
                       -- The next time that is still to come: a scheduler that slept does not fire in bursts.
                       ELSE t.due_at + t.repeat_every *
                            (floor(extract(epoch FROM now() - t.due_at) / extract(epoch FROM t.repeat_every)) + 1) END,
         repetitions_left = CASE WHEN t.repetitions_left > 0 THEN t.repetitions_left - 1 ELSE t.repetitions_left END
    FROM due d
   WHERE t.id = d.id
  RETURNING t.*
$$;
COMMENT ON FUNCTION fire_due_timers(integer)
  IS 'Fires timers that are due. Called in the transaction that does what they stand for, so that both happen or neither.';
