-- What the program of layout 10 wrote: idempotency keys in runs.

INSERT INTO meta VALUES ('key_check',
 x'01082b4c90a351a139238d949198559cdb5d4535ed7d92bc788eb8e2cd751ed7aa8cc3448f794c7b902ae166fc1db4159a8e005c9d5bddaa');
UPDATE sequence SET tenant = 4, webhook = 5, event = 4, delivery = 7, attempt = 4;

INSERT INTO tenant (id, name, uid, dialect, next_webhook, next_event, next_delivery) VALUES
    (1, 'acme', CAST('acme-random-name' AS BLOB), 'immuta', 4, 3, 6),
    (2, 'shop', CAST('shop-random-name' AS BLOB), 'qlik', 2, 2, 2),
    (3, 'made', CAST('made-random-name' AS BLOB), 'native', 1, 1, 1);

INSERT INTO webhook
    (id, tenant, number, public_id, owner, created_by, updated_by, url, secret_sealed, encrypted_headers_sealed,
     next_secret_sealed, activate_at, retire_at, secrets_since, disabled_reason, version, global, profile, created_at,
     updated_at, deleted_at)
VALUES
    (1, 1, 1, x'01990000000070008000000000000001', '2', '9', '8', 'https://hooks.example.com/1',
     x'01082b4c90a351a139f204a1d58a93806249ff98071e9ca6ca035a647671a0f5b92464904a14b97ff632671b76cbba30158edeeadc529b142ca88fcb54d2624ec2',
     NULL,
     x'01082b4c90a351a139187ba618846295516597e6085476db47399a298d2c3daea474e374f4c3072be96c39909100ee5362a4b6f23734e11e7917866ee7e97c4481af8d',
     1800000150000000, 1800000900000000, 2, NULL, 2, 0,
     '{"system":"immuta","name":"hook","global":false,"notifications":["modelCreated"],"action":"triggered"}',
     1800000000000000, 1800000040000000, NULL),
    (2, 1, 2, x'01990000000070008000000000000002', '2', '2', '2', 'https://hooks.example.com/2', NULL, NULL, NULL,
     NULL, NULL, 1, NULL, 2, 1,
     '{"system":"immuta","name":"hook","global":true,"notifications":["modelCreated"],"action":"triggered"}',
     1800000001000000, 1800000030000000, 1800000030000000),
    (3, 2, 1, x'01990000000070008000000000000003', 'u1', 'u1', 'u1', 'https://hooks.example.com/3',
     x'01082b4c90a351a139ae3967651c75f8f32de2d863e5c4f6cdf412201a7171b855b4fd691a4563543d4e6a56b12bb97a4e4e203c423f616547e7fd40745218e069',
     x'01082b4c90a351a13949482ddbe33c3628a9dcae733ffc963a4394eabcbb8ea74ffbfc330a2c6bd5def6640152a18b2c91db9b2b902fc1f478f31f0197e4b5f5b98feea521e1b55735e21f9cc06c0b2e5da7ec0d65e227',
     NULL, NULL, NULL, 1, NULL, 1, 1,
     '{"system":"qlik","name":"apps","description":null,"event_types":["com.qlik.app.created"],"level":"tenant","cloud_events":true,"headers":[["X-Team","blue"]],"encrypted_headers":["Authorization"],"origin":"automations"}',
     1800000002000000, 1800000002000000, NULL),
    (4, 1, 3, x'01990000000070008000000000000004', '2', '2', '2', 'https://hooks.example.com/4',
     x'01082b4c90a351a1394247e814fd78e53a6de3a3b3d6a8cb55e0a77fdeded6e0e64dc0ea29123adb44c0b5e25bbdbbfb99efc388d7f317e6db6a05cf55d2e1483e16',
     NULL, NULL, NULL, NULL, 1, 'gone', 2, 0,
     '{"system":"immuta","name":"hook","global":false,"notifications":["modelCreated"],"action":"triggered"}',
     1800000003000000, 1800000031000000, NULL);

INSERT INTO event
    (id, tenant, number, received_at, type, source, ce_id, fingerprint, first_delivery, deliveries, attributes)
VALUES
    (1, 1, 1, 1800000010000000, 'modelCreated', '/source', 'a',
     x'0101010101010101010101010101010101010101010101010101010101010101', 1, 2, '{"specversion":"1.0"}'),
    (2, 1, 2, 1800000011000000, 'modelCreated', '/source', 'b',
     x'0101010101010101010101010101010101010101010101010101010101010101', 3, 2, '{"specversion":"1.0"}'),
    (3, 2, 1, 1800000012000000, 'com.qlik.app.created', '/source', 'c',
     x'0101010101010101010101010101010101010101010101010101010101010101', 5, 1, '{"specversion":"1.0"}');

INSERT INTO event_data (event, checksum, data) VALUES
    (1, x'70c91356147a460f', CAST('{"text":"one"}' AS BLOB)),
    (2, x'0b5a470bb2af114d', CAST('{"text":"two"}' AS BLOB)),
    (3, x'25b9fa8c6f2472cb', CAST('{"specversion":"1.0","id":"c"}' AS BLOB));

-- Delivered at the second attempt; cancelled with its webhook; to be tried again; parked; new. Then a replay's.
INSERT INTO delivery
    (id, tenant, number, event, webhook, cause, state, attempts, created_at, due_at, last_attempt, status,
     updated_at, frame_head, frame_cut, frame_tail, frame_checksum, replay, tries)
VALUES
    (1, 1, 1, 1, 1, 0, 1, 2, 1800000010000000, 1800000015000000, 2, 200, 1800000016000000, NULL, 1,
     CAST(',"webhookId":1,"webhookName":"hook"}' AS BLOB), x'277293142c0be7c0', NULL, 1),
    (2, 1, 2, 1, 2, 0, 3, 0, 1800000010000000, 1800000010000000, NULL, NULL, NULL, NULL, 1,
     CAST(',"webhookId":2,"webhookName":"hook"}' AS BLOB), x'1f533810887fc729', NULL, 0),
    (3, 1, 3, 2, 1, 0, 0, 1, 1800000011000000, 1800000311000000, 3, 503, 1800000012000000, NULL, 1,
     CAST(',"webhookId":1,"webhookName":"hook"}' AS BLOB), x'a8a3eab38bebe9c6', NULL, 1),
    (4, 1, 4, 2, 4, 0, 0, 0, 1800000011000000, 1800000011000000, NULL, NULL, NULL, NULL, 1,
     CAST(',"webhookId":3,"webhookName":"hook"}' AS BLOB), x'2082fc7e379b23b5', NULL, 0),
    (5, 2, 1, 3, 3, 0, 0, 0, 1800000012000000, 1800000012000000, NULL, NULL, NULL, NULL, 0, NULL, x'e9f76b908b1717d9',
     NULL, 0),
    (6, 1, 5, 1, 1, 3, 0, 0, 1800000050000000, 1800000050000000, NULL, NULL, NULL, NULL, 1,
     CAST(',"webhookId":1,"webhookName":"hook"}' AS BLOB), x'2e8a8b9e2b01cfac', 1, 0);

INSERT INTO attempt
    (id, delivery, previous, number, started_at, duration_us, webhook_version, status, headers, body, failure, phase)
VALUES
    (1, 1, NULL, 1, 1800000010000000, 1500, 1, NULL, NULL, NULL, 'timeout', 'connect'),
    (2, 1, 1, 2, 1800000015000000, 1500, 1, 200, CAST('server: x' || char(13, 10) AS BLOB), CAST('fine' AS BLOB),
     NULL, NULL),
    (3, 3, NULL, 1, 1800000011000000, 1500, 1, 503, CAST('server: x' || char(13, 10) AS BLOB), CAST('later' AS BLOB),
     NULL, NULL);

INSERT INTO api_tenant (tenant, created_at, deleted_at, spec) VALUES
    (3, 1800000004000000, NULL,
     '{"egress":{"allow":[],"hosts":{},"relaxed_targets":false},"settings":{"timeout":"10s","retry":["0s","5s","5m","30m","2h","5h","10h","14h","20h","1d"],"retention":"7d","standard_webhooks":true,"immuta_signatures":["sha1","sha256"],"notification_list":"saas","envelope":"cloudevents","event_types":[]}}');
INSERT INTO api_user (tenant, id, name, roles, spaces) VALUES (3, '1', 'Ada', '["admin"]', '[]');

-- Of the text "a bearer".
INSERT INTO issued_token (public_id, hash, tenant, user, name, exchanged_for, issued_at, expires_at) VALUES
    (x'01990000000070008000000000000007', x'670891874c52c45694e84a76ac08efa2b02d5ae6933907b872f2d2783b9ac5fb', 1, '2',
     'mine', NULL, 1800000005000000, 1800003600000000);
INSERT INTO token_use (hash, at) VALUES (x'670891874c52c45694e84a76ac08efa2b02d5ae6933907b872f2d2783b9ac5fb',
 1800000020000000);

INSERT INTO audit (id, at, tenant, actor_kind, actor, operation, object_kind, object, outcome, detail) VALUES
    (1, 1800000004000000, NULL, 'operator', 'ops', 'tenant.create', 'tenant', 'made', 'done', '{}');

INSERT INTO webhook_version (webhook, version, url, headers, signed, replaced_at) VALUES
    (1, 1, 'https://hooks.example.com/before', '[["content-type","application/json"]]', 1, 1800000040000000),
    (1, 2, 'https://hooks.example.com/1', '[["content-type","application/json"]]', 1, NULL),
    (2, 1, 'https://hooks.example.com/2', '[]', 1, 1800000030000000),
    (3, 1, 'https://hooks.example.com/3', '[["x-team","blue"],["authorization",null]]', 1, NULL),
    (4, 2, 'https://hooks.example.com/4', '[]', 1, NULL);
INSERT INTO webhook_activity (webhook, last_attempt_at, last_success_at, failing_since, failures) VALUES
    (1, 1800000016000000, 1800000016000000, 1800000011000000, 1);
INSERT INTO webhook_stats VALUES
    (1, 1800000000000000, 1, 2, 4500, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

INSERT INTO replay
    (id, public_id, tenant, webhook, states, since, until, event_types, created_by, created_at, upper_bound,
     cursor, total, created, state, delivered, failed, finished_at)
VALUES
    (1, x'01990000000070008000000000000009', 1, 1, '[1,2,4]', NULL, NULL, '[]', '2', 1800000045000000, 4, 1, 1, 1, 0,
     0, 0, NULL);

-- Of the first two events; that of the third is in no run yet.
INSERT INTO idempotency_run
    (id, first_event, last_event, oldest_at, newest_at, keys, bits, descriptor, filter, checksum)
VALUES
    (1, 1, 2, 1800000010000000, 1800000011000000, 2, 0, x'910a2dec89025cc1000000040000000300000004',
     x'000000000000000000000000000000000000e31d00008001', x'c03a38e2e8a762ab');
INSERT INTO idempotency_chunk (id, checksum, entries) VALUES
    (1048576, x'c5445a35dcf005e1', x'125531f62afdb2d800000000de1be8a3297c071700000001');
