-- The roles that the platform itself knows, with their permissions.

INSERT INTO roles (name, description, is_builtin) VALUES
  ('admin',    'Runs the platform: everything',                              true),
  ('designer', 'Designs and publishes processes and rules',                  true),
  ('operator', 'Runs processes: starts, watches, repairs',                   true),
  ('agent',    'AI agents: execute steps, read knowledge, keep sessions',    true),
  ('viewer',   'Reads processes and their state',                            true);

INSERT INTO permissions (role_id, resource, action)
SELECT r.id, granted.resource, granted.action
  FROM (VALUES
    ('admin',    'process_design',   'manage'),
    ('admin',    'process_instance', 'manage'),
    ('admin',    'business_rule',    'manage'),
    ('admin',    'knowledge',        'manage'),
    ('admin',    'schedule',         'manage'),
    ('admin',    'agent_session',    'manage'),
    ('admin',    'user',             'manage'),
    ('admin',    'role',             'manage'),
    ('designer', 'process_design',   'create'),
    ('designer', 'process_design',   'read'),
    ('designer', 'process_design',   'update'),
    ('designer', 'process_design',   'delete'),
    ('designer', 'process_design',   'publish'),
    ('designer', 'business_rule',    'create'),
    ('designer', 'business_rule',    'read'),
    ('designer', 'business_rule',    'update'),
    ('designer', 'business_rule',    'publish'),
    ('designer', 'process_instance', 'read'),
    ('designer', 'knowledge',        'read'),
    ('operator', 'process_design',   'read'),
    ('operator', 'process_instance', 'create'),
    ('operator', 'process_instance', 'read'),
    ('operator', 'process_instance', 'update'),
    ('operator', 'process_instance', 'execute'),
    ('operator', 'schedule',         'create'),
    ('operator', 'schedule',         'read'),
    ('operator', 'schedule',         'update'),
    ('agent',    'process_instance', 'read'),
    ('agent',    'process_instance', 'execute'),
    ('agent',    'knowledge',        'read'),
    ('agent',    'agent_session',    'create'),
    ('agent',    'agent_session',    'read'),
    ('agent',    'agent_session',    'update'),
    ('viewer',   'process_design',   'read'),
    ('viewer',   'process_instance', 'read'),
    ('viewer',   'business_rule',    'read')
  ) AS granted (role, resource, action)
  JOIN roles r ON r.name = granted.role;
