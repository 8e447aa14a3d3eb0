use crate::error::XgboostError;
use crate::training::Round;

/// Ends a training when a metric stops getting better, as Python's `xgboost.callback.EarlyStopping` does.
///
/// It watches the last evaluation set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyStopping {
    /// Stop after this many rounds without a better value.
    pub rounds: u32,
    /// The metric to watch; the last one if not given.
    pub metric: Option<String>,
    /// Whether a greater value is better.
    pub maximize: bool,
    /// Keep only the rounds up to the best one. Needs a booster of trees.
    pub save_best: bool,
}

/// What early stopping has seen so far.
pub(crate) struct Watch<'a> {
    rule: &'a EarlyStopping,
    best: Option<(u32, f64)>,
    since: u32,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(rule: &'a EarlyStopping) -> Result<Self, XgboostError> {
        if rule.rounds == 0 {
            return Err(XgboostError::EarlyStopping {
                wanted: "0 rounds".to_owned(),
                reason: "give at least 1".to_owned(),
            });
        }
        Ok(Self { rule, best: None, since: 0 })
    }

    /// Takes a round in and tells whether to stop.
    pub(crate) fn observe(&mut self, round: &Round) -> Result<bool, XgboostError> {
        let value = self.watched(round)?;
        match self.best {
            Some((_, best)) if !self.is_better(value, best) => self.since += 1,
            _ => {
                self.best = Some((round.index, value));
                self.since = 0;
            }
        }
        Ok(self.since >= self.rule.rounds)
    }

    /// The best round and its value; the earliest of equals.
    pub(crate) fn best(&self) -> Option<(u32, f64)> {
        self.best
    }

    pub(crate) fn rule(&self) -> &EarlyStopping {
        self.rule
    }

    fn is_better(&self, value: f64, best: f64) -> bool {
        if self.rule.maximize { value > best } else { value < best }
    }

    fn watched(&self, round: &Round) -> Result<f64, XgboostError> {
        let last_set = round.metrics.last().map(|metric| metric.set.as_str());
        let of_set = || round.metrics.iter().filter(|metric| Some(metric.set.as_str()) == last_set);
        let found = match &self.rule.metric {
            Some(name) => of_set().find(|metric| metric.name == *name),
            None => of_set().next_back(),
        };
        found.map(|metric| metric.value).ok_or_else(|| {
            let names: Vec<&str> = of_set().map(|metric| metric.name.as_str()).collect();
            XgboostError::EarlyStopping {
                wanted: self.rule.metric.as_deref().map_or("any metric".to_owned(), |name| format!("`{name}`")),
                reason: match last_set {
                    Some(set) => format!("the set `{set}` is evaluated by {}", names.join(", ")),
                    None => "no set is evaluated; give one".to_owned(),
                },
            }
        })
    }
}
