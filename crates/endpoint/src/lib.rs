//! Multi-model endpoints: plan, apply, refresh by a new endpoint config, invoke, roll back.
