"""The SQL edge, in rooms by who asks.

`writing` is the follower's, `reading` the API's and the auditors', `rebuilding` makes all projections again from raw
events, `issuers` is an issuer's own database. What they all stand on lies beside them.
"""
