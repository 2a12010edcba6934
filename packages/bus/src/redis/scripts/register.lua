--[[ register: adds a worker, or one of its seats, to the set of those who may hold claimed elements.

KEYS[1] the set
ARGV[1] the member

Returns OK; a repeat adds nothing. Gets through when Redis is out of memory (see `WHEN_FULL`).
]]
redis.call('SADD', KEYS[1], ARGV[1])
return REPLY.OK
