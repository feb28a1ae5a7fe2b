"""What calibration sees: few, varied pictures drawn from folders, clips and packaged samples."""
