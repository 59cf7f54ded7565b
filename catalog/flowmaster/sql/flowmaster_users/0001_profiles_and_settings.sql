-- What people say about themselves and how they like things. user_id is users.id of flowmaster_core; a foreign key
-- cannot cross databases, so the owner service creates and removes profiles together with accounts.

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION set_updated_at() IS 'Trigger: keeps updated_at true, whatever the client sends.';

CREATE TABLE profiles (
  user_id      uuid PRIMARY KEY,
  full_name    text NOT NULL DEFAULT '' CHECK (length(full_name) <= 200),
  job_title    text NOT NULL DEFAULT '' CHECK (length(job_title) <= 200),
  organisation text NOT NULL DEFAULT '' CHECK (length(organisation) <= 200),
  phone        text CHECK (phone ~ '^\+?[0-9 ()/.-]{3,40}$'),
  avatar_url   text CHECK (length(avatar_url) <= 2000),
  locale       text NOT NULL DEFAULT 'en' CHECK (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  time_zone    text NOT NULL DEFAULT 'UTC' CHECK (length(time_zone) BETWEEN 1 AND 64),
  attributes   jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE profiles IS 'One row for each account of flowmaster_core.users: personal data, kept apart from logins.';

CREATE INDEX profiles_organisation_idx ON profiles (organisation) WHERE organisation <> '';

CREATE TABLE settings (
  user_id    uuid NOT NULL REFERENCES profiles (user_id) ON DELETE CASCADE,
  namespace  text NOT NULL CHECK (namespace ~ '^[a-z][a-z0-9_-]{0,62}$'),
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  value      jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, namespace, name)
);
COMMENT ON TABLE settings IS 'Preferences of a user, one row each; the namespace is the service that reads them.';

CREATE TRIGGER profiles_updated_at BEFORE UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER settings_updated_at BEFORE UPDATE ON settings FOR EACH ROW EXECUTE FUNCTION set_updated_at();
