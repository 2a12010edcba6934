--[[ write-run: sets fields of a run's hash, unless a newer publisher has written to it.

KEYS[1] the run's hash
ARGV[1] the field that holds the newest epoch    ARGV[2] publisher's epoch    ARGV[3 …] field, value; the same again

Returns OK | FENCED: nothing is set.
A repeat sets the same again. Races: the highest epoch that has written wins the hash for good; the fields of one call are set
together.
]]
if tonumber(ARGV[2]) < tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) then return REPLY.FENCED end
redis.call('HSET', KEYS[1], unpack(ARGV))
return REPLY.OK
