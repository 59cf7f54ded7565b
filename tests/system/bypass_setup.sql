-- What bypass_test.py puts into flowmaster_core: tables that a reader may see, tables that it may not, and functions,
-- views and operators that try to do more than read. CANARY is what must never come out.
CREATE TABLE open_items (id serial PRIMARY KEY, name text);
INSERT INTO open_items (name) VALUES ('a'), ('b'), ('c');
CREATE TABLE secret_items (id serial PRIMARY KEY, body text);
INSERT INTO secret_items (body) VALUES ('CANARY-relational-1'), ('CANARY-relational-2');
CREATE SEQUENCE open_seq;
CREATE SEQUENCE secret_seq;
CREATE SCHEMA hidden_schema;
CREATE TABLE hidden_schema.hidden AS SELECT 'CANARY-schema' AS body;
CREATE VIEW open_view AS SELECT id, name FROM open_items;
CREATE VIEW secret_view AS SELECT * FROM secret_items;
CREATE MATERIALIZED VIEW open_materialized AS SELECT count(*) AS n FROM open_items;

CREATE FUNCTION writer() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO open_items (name) VALUES ('written'); RETURN 1; END $$;
CREATE FUNCTION sql_writer() RETURNS bigint LANGUAGE sql AS $$ WITH d AS (DELETE FROM open_items RETURNING 1) SELECT count(*) FROM d $$;
CREATE FUNCTION inner_writer() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('open_seq'); DELETE FROM open_items; RETURN 1; END $$;
CREATE FUNCTION liar() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT inner_writer() $$;
CREATE FUNCTION operator_writer(a int, b int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM writer(); RETURN a + b; END $$;
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = operator_writer);
CREATE FUNCTION aggregate_step(state int, item int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM writer(); RETURN item; END $$;
CREATE AGGREGATE writing_aggregate(int) (SFUNC = aggregate_step, STYPE = int);
CREATE VIEW writing_view AS SELECT writer() AS w;
CREATE FUNCTION domain_check(item text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM writer(); RETURN true; END $$;
CREATE DOMAIN writing_domain AS text CHECK (domain_check(VALUE));
CREATE FUNCTION dynamic(statement text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; RETURN 1; END $$;
CREATE FUNCTION dynamic_text(statement text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE answer text; BEGIN EXECUTE statement INTO answer; RETURN answer; END $$;
CREATE PROCEDURE writing_procedure() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM open_items; COMMIT; END $$;

-- With the owner's rights, for nobody else to call.
CREATE FUNCTION definer_write() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM secret_items; RETURN 1; END $$;
CREATE FUNCTION definer_read() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT string_agg(body, ',') FROM secret_items $$;
REVOKE EXECUTE ON FUNCTION definer_write() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION definer_read() FROM PUBLIC;
-- And one whose owner let everybody call it: to the server that is a right.
CREATE FUNCTION public_definer_read() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT string_agg(body, ',') FROM secret_items $$;
ANALYZE;
