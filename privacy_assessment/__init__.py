"""特定個人情報保護評価 (番号法27条・28条): forms as data, threshold, procedure, editing, consultation, comparison, publication."""
