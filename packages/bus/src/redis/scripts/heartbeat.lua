--[[ heartbeat: says that a worker is alive.

KEYS[1] the worker's sign of life
ARGV[1] what it says of itself    ARGV[2] ms to live

Returns OK. Gets through when Redis is out of memory (`WHEN_FULL`), or the workers that make room would be taken for dead.
]]
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return REPLY.OK
