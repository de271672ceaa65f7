"""Who finds faces and labels: Amazon Rekognition or a local detector."""
