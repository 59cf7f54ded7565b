-- Who may do what. Emails are unique without regard to case; roles are data, the built-in ones come with 0003.

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION set_updated_at() IS 'Trigger: keeps updated_at true, whatever the client sends.';

CREATE TABLE roles (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  description text NOT NULL DEFAULT '',
  is_builtin  boolean NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE roles IS 'Named sets of permissions. Built-in roles come with a migration and are not edited by hand.';

CREATE TABLE users (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email              text NOT NULL CHECK (length(email) <= 320 AND email ~ '^[^@\s]+@[^@\s]+$'),
  display_name       text NOT NULL DEFAULT '' CHECK (length(display_name) <= 200),
  role               text NOT NULL DEFAULT 'viewer' REFERENCES roles (name) ON UPDATE CASCADE,
  status             text NOT NULL DEFAULT 'active' CHECK (status IN ('invited', 'active', 'suspended', 'deleted')),
  password_hash      text,
  email_verified_at  timestamptz,
  last_login_at      timestamptz,
  failed_login_count integer NOT NULL DEFAULT 0 CHECK (failed_login_count >= 0),
  locked_until       timestamptz,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE users IS 'Accounts of people and services. Names and pictures are in flowmaster_users.';
COMMENT ON COLUMN users.role IS 'The primary role; further ones are in role_assignments.';
COMMENT ON COLUMN users.password_hash IS 'A self-describing hash (argon2id, bcrypt), never a password; null for single sign-on.';

CREATE UNIQUE INDEX users_email_lower_key ON users (lower(email));
CREATE INDEX users_role_idx ON users (role);
CREATE INDEX users_status_idx ON users (status) WHERE status <> 'active';

CREATE TABLE permissions (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  role_id    bigint NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  resource   text NOT NULL CHECK (resource ~ '^[a-z][a-z0-9_]{0,62}$'),
  action     text NOT NULL CHECK (action IN ('create', 'read', 'update', 'delete', 'execute', 'publish', 'manage')),
  conditions jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(conditions) = 'object'),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (role_id, resource, action)
);
COMMENT ON TABLE permissions IS 'What a role may do: one row for each resource and action.';
COMMENT ON COLUMN permissions.conditions IS 'Further limits as data ({"owner": "self"}); empty: none.';

CREATE INDEX permissions_resource_action_idx ON permissions (resource, action);

CREATE TRIGGER roles_updated_at BEFORE UPDATE ON roles FOR EACH ROW EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER users_updated_at BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION set_updated_at();
