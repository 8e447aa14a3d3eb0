//! SageMaker as its own SDK sees it: what jobs, registry and endpoints answer on the wire.

mod endpoint_life;
mod fixture;
mod hosting;
mod registry;
mod training;
mod tuning;

pub use endpoint_life::*;
pub use fixture::Wire;
pub use hosting::*;
pub use registry::*;
pub use training::*;
pub use tuning::*;
