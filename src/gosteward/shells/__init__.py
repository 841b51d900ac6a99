"""What shells, PAM, cron, sudo, sshd and systemd make of their start-up files: text in, values out."""
