"""deepselfie learns what a crowd likes in a photo from likes alone, and ranks photos it has never seen."""
