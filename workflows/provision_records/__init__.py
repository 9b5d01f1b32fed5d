"""情報提供等記録: who asked whom for a person's data, when, why and by which law; written, shown, sealed and proven."""
