-- Further roles of a user, logged-in sessions, and keys for programs. Secrets are stored as SHA-256 of a random token:
-- a token has enough entropy of its own, so a slow hash would only cost time at every request.

CREATE TABLE role_assignments (
  user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role_id    bigint NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  scope      text NOT NULL DEFAULT 'global' CHECK (length(scope) BETWEEN 1 AND 200),
  granted_by uuid REFERENCES users (id) ON DELETE SET NULL,
  granted_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz CHECK (expires_at > granted_at),
  PRIMARY KEY (user_id, role_id, scope)
);
COMMENT ON TABLE role_assignments IS 'Roles beyond users.role, for a scope ("global", "project:42") and perhaps a time.';

CREATE INDEX role_assignments_role_id_idx ON role_assignments (role_id);
CREATE INDEX role_assignments_granted_by_idx ON role_assignments (granted_by) WHERE granted_by IS NOT NULL;
CREATE INDEX role_assignments_expires_at_idx ON role_assignments (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE sessions (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  user_agent   text NOT NULL DEFAULT '' CHECK (length(user_agent) <= 1000),
  ip_address   inet,
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
  revoked_at   timestamptz
);
COMMENT ON TABLE sessions IS 'Logins of people. A session counts while it is neither revoked nor expired.';

CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at) WHERE revoked_at IS NULL;

CREATE TABLE api_keys (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  key_prefix   text NOT NULL UNIQUE CHECK (length(key_prefix) BETWEEN 6 AND 32),
  key_hash     bytea NOT NULL CHECK (octet_length(key_hash) = 32),
  scopes       text[] NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  UNIQUE (user_id, name)
);
COMMENT ON TABLE api_keys IS 'Keys of programs. The prefix finds the row, the hash proves the key; the key itself is never stored.';

CREATE INDEX api_keys_expires_at_idx ON api_keys (expires_at) WHERE revoked_at IS NULL AND expires_at IS NOT NULL;

CREATE FUNCTION user_has_permission(asked_user uuid, asked_resource text, asked_action text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM users u
      JOIN roles r ON r.name = u.role
        OR EXISTS (SELECT FROM role_assignments a
                    WHERE a.user_id = u.id AND a.role_id = r.id AND a.scope = 'global'
                      AND (a.expires_at IS NULL OR a.expires_at > now()))
      JOIN permissions p ON p.role_id = r.id
     WHERE u.id = asked_user AND u.status = 'active'
       AND p.resource = asked_resource AND p.action IN (asked_action, 'manage'))
$$;
COMMENT ON FUNCTION user_has_permission(uuid, text, text)
  IS 'True if an active user holds a role, globally, with this permission or with "manage" on the resource. Conditions are the caller''s to check.';
