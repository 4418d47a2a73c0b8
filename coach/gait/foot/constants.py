"""What the foot's stages share: the columns of their rows, and the numbers their events rest on, with sources."""

from typing import Final

from coach.gait.signal.constants import GRAVITY_MPS2

# Shares and times of events without a source were chosen by eye, 2026-11-20, among candidates compared on the reference
# recordings with force plates: two runners, one by virtual sensors, one by a mean stride whose truth may be 15 ms off.

# Columns of the rows that the foot's stages share.
T, AX, GX, PITCH, N_COLUMNS = 0, 1, 4, 7, 8

BEFORE_SWING_OVER_S: Final = 0.015  # a landing may begin that early; by eye
# How far after swing's end a landing is looked for: at once where a shock like the usual ones is seen, then further.
REACHES_S: Final = (0.07, 0.14, 0.21)
LEAST_SHOCK_SHARE: Final = 0.35  # of the usual shock; ripples of a swinging leg are a fifth of it
RISE_SHARE: Final = 0.45  # of the whole rise to the landing peak: more than any ripple before the landing
LEAST_RISE_MPS2: Final = 0.8 * GRAVITY_MPS2  # softer is no landing; slow walking gives 2 g
ONSET_SHARE: Final = 0.10  # of the rise; by eye, see above
# The sole touches before the shoe's top feels it: it crosses the onset 6 ms after (virtual sensors of real feet on
# force plates, 50 N) to 20 ms after (foot-worn sensors against a force plate, mean stride, itself known to +-15 ms).
CONTACT_LEAD_S: Final = 0.010
SLAP_SHARE: Final = 0.2  # of the toes-down rise: the heel is on the ground when the slap has begun
SLAP_RADPS: Final = (2.0, 6.0)  # rises between which a slap becomes clear; rearfoot runners reach 8-13 rad/s
BEFORE_SLAP_S: Final = 0.025  # before the force's onset the foot turns as it comes down, on top of that it slaps
SLAP_WITHIN_S: Final = 0.03  # of the force's onset, or it is another movement
# A landing begins with a corner. Between two samples it is drawn as a straight line, which comes to an onset early: by
# a fifth of the interval on average, for a rise of 27 ms as seen on force plates and any moment between the samples.
# The numbers above were chosen at 200 Hz; other rates differ from it by that.
CORNER_SHARE: Final = 0.2
CHOSEN_AT_HZ: Final = 200.0  # rate of the recordings with force plates
REST_AFTER_CONTACT_S: Final = 0.05  # the slap is over; the shortest contacts last 0.09 s
REST_S: Final = 0.02  # the shortest rest between landing and push is 0.03 s
STANDING_AFTER_S: Final = 0.8  # from swing's end: a foot still flat is standing; walking lifts the heel after 0.6 s
