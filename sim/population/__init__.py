"""Who is there: youth, imams, armed groups and their people, security units, each as columns."""
