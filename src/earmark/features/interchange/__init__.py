"""Features in the formats of other tools: JSON, TFRecord, PNG pictures, NumPy, Parquet, Hugging Face."""
