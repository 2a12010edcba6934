--[[ publish: sends a message to a channel.

KEYS[1] the channel, as a key so that a cluster's client sends all of its messages to one node: they keep their order
ARGV[1] the message

Returns how many were listening at this node. A repeat is heard twice.
]]
return redis.call('PUBLISH', KEYS[1], ARGV[1])
