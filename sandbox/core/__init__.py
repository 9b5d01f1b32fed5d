"""The core system (情報提供ネットワークシステム コアシステム), stood in for: link codes, permits, records. Never content."""
