(define-module (guix diagnostics)
  #:export (guix-warning-port leave))

(define guix-warning-port (make-parameter (current-warning-port)))

(define (leave text . rest)
  (apply format (guix-warning-port) (string-append "guix repl: error: " text "~%") rest)
  (exit 1))
