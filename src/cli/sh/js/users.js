// require('@arangodb/users'): users and their rights over the documented routes.
(function (shell) {
  'use strict';

  const path_of = (user, ...more) => ['/_api/user', user, ...more].map((part, index) => index ? shell.encode(part) : part).join('/');
  const call = (method, path, body) => shell.request(method, path, {database: null, body});
  const described = (answer) => shell.without(answer, 'error', 'code');
  const grant_path = (user, database, collection) =>
    path_of(user, 'database', database, ...(collection === undefined ? [] : [collection]));

  shell.users = Object.freeze({
    save: (user, passwd = '', active = true, extra = {}) =>
      described(call('POST', '/_api/user', {user, passwd, active, extra})),
    replace: (user, passwd = '', active = true, extra = {}) => described(call('PUT', path_of(user), {passwd, active, extra})),
    update: (user, passwd, active, extra) => described(call('PATCH', path_of(user), {passwd, active, extra})),
    remove: (user) => { call('DELETE', path_of(user)); },
    document: (user) => described(call('GET', path_of(user))),
    exists(user) {
      const {status, answer} = shell.send('GET', path_of(user), {database: null});
      if (status === 404) return false;
      if (status >= 400) throw new shell.ArangoError(answer);
      return true;
    },
    all: () => call('GET', '/_api/user').result,
    grantDatabase: (user, database, grant = 'rw') => { call('PUT', grant_path(user, database), {grant}); },
    revokeDatabase: (user, database) => { call('DELETE', grant_path(user, database)); },
    grantCollection: (user, database, collection, grant = 'rw') => { call('PUT', grant_path(user, database, collection), {grant}); },
    revokeCollection: (user, database, collection) => { call('DELETE', grant_path(user, database, collection)); },
    permission: (user, database, collection) =>
      call('GET', database === undefined ? path_of(user, 'database') : grant_path(user, database, collection)).result,
  });
})
