"""What supervisors do all day: the team's figures, absences, scores, corrections, team days."""
