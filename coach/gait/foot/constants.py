"""The columns of the rows that the foot's stages share."""

# Times, specific force and turn rate along the sensor's axes, pitch rate.
T, AX, GX, PITCH, N_COLUMNS = 0, 1, 4, 7, 8
