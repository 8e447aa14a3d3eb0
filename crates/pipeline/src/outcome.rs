use crate::PipelineError;
use crate::names::ModelName;

/// What became of one model in a step.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The model.
    pub model: ModelName,
    /// What the step made of it, or why it did not.
    pub result: Result<T, PipelineError>,
}

/// What became of every model of a step, in the order they were asked for.
#[derive(Debug)]
#[must_use = "a model's failure is only in here"]
pub struct Outcomes<T>(Vec<Outcome<T>>);

impl<T> Outcomes<T> {
    pub(crate) fn new(outcomes: Vec<Outcome<T>>) -> Self {
        Self(outcomes)
    }

    /// The same outcomes with something else made of the models that came through.
    pub(crate) fn map<U>(self, mut make: impl FnMut(T) -> U) -> Outcomes<U> {
        let outcomes = self.0.into_iter();
        Outcomes(outcomes.map(|Outcome { model, result }| Outcome { model, result: result.map(&mut make) }).collect())
    }

    /// The models that came through.
    pub fn succeeded(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(|outcome| outcome.result.as_ref().ok())
    }

    /// The models that did not, each with its error.
    pub fn failed(&self) -> impl Iterator<Item = (&ModelName, &PipelineError)> {
        self.0.iter().filter_map(|outcome| outcome.result.as_ref().err().map(|error| (&outcome.model, error)))
    }

    /// One model's outcome.
    pub fn of(&self, model: &ModelName) -> Option<&Outcome<T>> {
        self.0.iter().find(|outcome| outcome.model == *model)
    }

    /// All of it, if every model came through.
    ///
    /// # Errors
    ///
    /// The first failed model's error.
    pub fn into_result(self) -> Result<Vec<T>, PipelineError> {
        self.0.into_iter().map(|outcome| outcome.result).collect()
    }
}

impl<T> IntoIterator for Outcomes<T> {
    type Item = Outcome<T>;
    type IntoIter = std::vec::IntoIter<Outcome<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
