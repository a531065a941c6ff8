-- name: command.raise_alarm
-- use: effect
-- Insert an alarm, or have it stand again that returned to normal and was not acknowledged.
INSERT INTO command_alarms (port, number, at, lane, passage, priority, code, params, lasts)
VALUES (%(port)s, %(number)s, %(at)s, %(lane)s, %(passage)s, %(priority)s, %(code)s, %(params)s, %(lasts)s)
ON CONFLICT (port, number) DO UPDATE
   SET at = excluded.at, priority = excluded.priority, lasts = excluded.lasts, returned_at = NULL
 WHERE command_alarms.acknowledged_at IS NULL;

-- name: command.return_alarm
-- use: effect
-- Note when what an alarm was raised for was over.
UPDATE command_alarms SET returned_at = %(returned_at)s
WHERE port = %(port)s AND number = %(number)s AND returned_at IS NULL;

-- name: command.acknowledge_alarm
-- use: guard
-- Note who acknowledged an alarm; refused where somebody did, or there is none.
UPDATE command_alarms
   SET acknowledged_by = %(acknowledged_by)s, acknowledged_at = %(acknowledged_at)s, word = %(word)s,
       returned_at = coalesce(returned_at, %(returned_at)s)
WHERE port = %(port)s AND number = %(number)s AND acknowledged_at IS NULL RETURNING 1;

-- name: command.find_alarm
-- use: query
-- One alarm.
SELECT number, at, lane, passage, priority, code, params, lasts, returned_at, acknowledged_by, acknowledged_at, word
FROM command_alarms WHERE port = %(port)s AND number = %(number)s;

-- name: command.latest_alarms
-- use: query
-- The latest alarms, those first that are not both over and acknowledged.
SELECT number, at, lane, passage, priority, code, params, lasts, returned_at, acknowledged_by, acknowledged_at, word
FROM command_alarms WHERE port = %(port)s
ORDER BY (returned_at IS NOT NULL AND acknowledged_at IS NOT NULL), at DESC, number COLLATE "C" LIMIT %(limit)s;
