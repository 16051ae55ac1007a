from sim.mesa.model import RecruitmentModel as RecruitmentModel  # moved; this path works for one more release
