from sim.mesa.agents import Imam, Member, Recruiter, SecurityUnit, Youth  # noqa: F401  moved; works for one more release
